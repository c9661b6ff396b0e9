// A modal dialog. The browser traps the focus inside `<dialog>`, closes it on Escape
// and restores the focus.

import { useEffect, useRef } from 'react';
import { Remove } from './icons.jsx';

/**
 * @param {object} props
 * @param {string} props.title
 * @param {boolean} [props.isWide] for viewing content: a click outside closes it
 * @param {() => void} props.onClose
 * @param {(event: KeyboardEvent) => void} [props.onKeyDown]
 */
export function Dialog({ title, isWide, onClose, onKeyDown, children }) {
  const dialog = useRef(null);
  useEffect(() => {
    dialog.current.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={isWide ? 'dialog dialog-wide' : 'dialog'}
      closedby={isWide ? 'any' : undefined}
      aria-labelledby="dialog-title"
      onClose={onClose}
      onKeyDown={onKeyDown}
    >
      <header className="dialog-head">
        <h2 id="dialog-title">{title}</h2>
        <button
          type="button"
          className="button-icon"
          aria-label="Close"
          onClick={() => dialog.current.close()}
        >
          <Remove />
        </button>
      </header>
      {children}
    </dialog>
  );
}
