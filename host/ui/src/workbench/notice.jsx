// Where the form's values came from, if not from the user's typing.

import { Remove } from '../parts/icons.jsx';
import { dismissNotice, undoFill } from '../state/input.js';
import { useStore } from '../state/store.js';

export function Notice() {
  const notice = useStore((state) => state.work.notice);
  return (
    <div aria-live="polite">
      {notice && (
        <p className="notice notice-row">
          <span>{notice.text}</span>
          <span className="spring" />
          {notice.undo && (
            <button type="button" className="button button-small" onClick={undoFill}>
              Undo
            </button>
          )}
          <button
            type="button"
            className="button-icon"
            aria-label="Dismiss"
            onClick={dismissNotice}
          >
            <Remove />
          </button>
        </p>
      )}
    </div>
  );
}
