// What the result shows before the first run.

import { Play } from '../parts/icons.jsx';

/** @param {{title: string, children?: import('react').ReactNode}} props `title` of the action */
export function EmptyResult({ title, children }) {
  return (
    <div className="empty">
      <span className="empty-mark">
        <Play />
      </span>
      <h3>No result yet</h3>
      <p>
        Fill in the form and run <bdi>{title}</bdi>. The result appears here as it arrives.
      </p>
      <p>
        <kbd>Ctrl</kbd> <kbd>Enter</kbd> runs it from any field.
      </p>
      {children}
    </div>
  );
}
