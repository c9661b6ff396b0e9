// The progress of a run: the amount sent or received, or an indeterminate bar.

import { formatBytes } from '../api/files.js';

export function Progress({ progress }) {
  const { done, total, unit } = progress ?? {};
  const amount = (number) => (unit === 'bytes' ? formatBytes(number) : `${number} ${unit}`);
  return (
    <div className="progress">
      <progress value={total && done} max={total} aria-label="Progress of the run" />
      {done !== undefined && (
        <span>
          {amount(done)}
          {total !== undefined && ` of ${amount(total)}`}
        </span>
      )}
    </div>
  );
}
