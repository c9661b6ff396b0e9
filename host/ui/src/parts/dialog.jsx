// A modal dialog. The browser traps the focus inside `<dialog>`, closes it on Escape
// and restores the focus.

import { useEffect, useRef } from 'react';
import { Remove } from './icons.jsx';

/** @param {{title: string, isWide?: boolean, onClose: () => void, children: unknown}} props */
export function Dialog({ title, isWide, onClose, children }) {
  const dialog = useRef(null);
  useEffect(() => {
    dialog.current.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={isWide ? 'dialog dialog-wide' : 'dialog'}
      aria-labelledby="dialog-title"
      onClose={onClose}
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
