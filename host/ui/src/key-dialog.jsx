// Asks for the API key of a service that requires one.

import { useEffect, useRef, useState } from 'react';
import { Dialog } from './parts/dialog.jsx';

export function KeyDialog({ note, onKey, onClose }) {
  const [key, setKey] = useState('');
  const input = useRef(null);
  // After the dialog has opened, which moves the focus to its first button.
  useEffect(() => input.current.focus(), []);
  return (
    <Dialog title="Enter the API key" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onKey(key.trim());
        }}
      >
        <div className="dialog-body">
          <p>{note}</p>
          <div className="field">
            <label className="field-label" htmlFor="key">
              API key
            </label>
            <input
              ref={input}
              id="key"
              className="input"
              type="password"
              autoComplete="off"
              value={key}
              onChange={({ target }) => setKey(target.value)}
            />
            <p className="field-description">It is kept until you close this tab.</p>
          </div>
        </div>
        <footer className="dialog-foot">
          <span className="spring" />
          <button type="submit" className="button button-primary" disabled={key.trim() === ''}>
            Continue
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
