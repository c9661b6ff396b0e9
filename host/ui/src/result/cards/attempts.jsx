// Requests that were retried, and why.

import { formatDuration } from '../../parts/format.js';

export function Attempts({ attempts }) {
  if (attempts.length === 0) {
    return null;
  }
  return (
    <ol className="attempts">
      {attempts.map(({ attempt, pauseMs, reason }) => (
        <li key={attempt}>
          Attempt {attempt} failed: {reason}. Retrying in {formatDuration(pauseMs)}.
        </li>
      ))}
    </ol>
  );
}
