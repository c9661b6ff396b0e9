// Fills in the form from pasted text.

import { useState } from 'react';
import { fitted } from '../form/fitting.js';
import { Dialog } from '../parts/dialog.jsx';
import { actionsOf } from '../state/catalog.js';
import { fill } from '../state/input.js';
import { openThen } from '../state/opening.js';
import { useMembers, useStore } from '../state/store.js';
import { readPasted } from './read.js';

export function PasteDialog({ onClose }) {
  const [text, setText] = useState('');
  const { form, address } = useMembers('work', 'form', 'address');
  const components = useStore((state) => state.catalog.components);
  const read = readPasted(text, form.schema);
  const target = read.address ?? address;
  const { action } = actionsOf(components).find((one) => one.action.address === target) ?? {};
  const isOther = target !== address;
  const message = action ? read.message : `This service has no action ${target}.`;
  const preview = read.input && !isOther && fitted(form.schema, read.input);

  const take = () => {
    onClose();
    openThen(target, () => fill(read.input, 'Filled in from what you pasted.'));
  };
  return (
    <Dialog title="Paste JSON or curl" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          take();
        }}
      >
        <div className="dialog-body">
          <div className="field">
            <label className="field-label" htmlFor="pasted">
              JSON, a curl command, or a link to this page
            </label>
            <textarea
              id="pasted"
              className="input json-box"
              rows={8}
              spellCheck={false}
              value={text}
              aria-describedby="pasted-note"
              onChange={({ target: { value } }) => setText(value)}
            />
            <p className="field-description" id="pasted-note" role="status">
              {message}
              {read.input && !message && (
                <>
                  {isOther ? `Opens ${action.title}. ` : `${count(preview.value)} found. `}
                  {preview?.dropped?.length > 0 &&
                    `Not in this form: ${preview.dropped.slice(0, 8).join(', ')}. `}
                </>
              )}
              {text.trim() === '' && 'Keys in a command are ignored.'}
            </p>
          </div>
        </div>
        <footer className="dialog-foot">
          <span className="spring" />
          <button
            type="submit"
            className="button button-primary"
            disabled={!read.input || Boolean(message)}
          >
            Fill in the form
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function count(value) {
  const fields = Object.keys(value).length;
  return `${fields} ${fields === 1 ? 'field' : 'fields'}`;
}
