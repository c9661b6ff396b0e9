// The run whose result is shown: when it was, and what can be done with it.

import { Edit, Pin, Redo } from '../parts/icons.jsx';
import { useStore } from '../state/store.js';
import { editRun, runAgain } from './open-run.js';
import { togglePin } from './runs.js';
import { formatDay, formatTime } from './time.js';

export function PastRun({ id }) {
  const run = useStore((state) => state.history.runs.find((other) => other.id === id));
  if (!run) {
    return null;
  }
  return (
    <div className="past-run">
      <p>
        {formatDay(run.at)}, {formatTime(run.at)}
        {run.connection && <> · {run.connection}</>}
      </p>
      <span className="spring" />
      <button
        type="button"
        className={run.isPinned ? 'button button-small pinned' : 'button button-small'}
        aria-pressed={Boolean(run.isPinned)}
        onClick={() => togglePin(id)}
      >
        <Pin /> {run.isPinned ? 'Pinned' : 'Pin'}
      </button>
      <button type="button" className="button button-small" onClick={() => editRun(run)}>
        <Edit /> Edit
        <span className="hidden"> the input</span>
      </button>
      <button type="button" className="button button-small" onClick={() => runAgain(run)}>
        <Redo /> Run again
      </button>
      {run.isTooLarge && <p className="notice">This result was too large to keep.</p>}
    </div>
  );
}
