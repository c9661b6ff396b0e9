// What the result shows before the first run.

import { Play } from '../parts/icons.jsx';

export function EmptyResult() {
  return (
    <div className="empty">
      <Play />
      <h3>No result yet</h3>
      <p>
        Fill in the form, or choose an example, and press Run. The result appears here as it
        arrives.
      </p>
      <p className="empty-keys">
        <kbd>Ctrl</kbd> <kbd>Enter</kbd> runs from anywhere in the form
      </p>
    </div>
  );
}
