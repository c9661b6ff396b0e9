// Starts and cancels a run, and shows its status.

import { useEffect, useState } from 'react';
import { formatDuration } from '../parts/format.js';
import { Play, Stop } from '../parts/icons.jsx';
import { clear } from '../state/input.js';
import { cancel } from '../state/running.js';
import { useStore } from '../state/store.js';

export function RunBar({ onRun }) {
  const { status, startedAt } = useStore(({ work }) => work.run);
  const isCleared = useStore(({ work }) => work.cleared !== undefined);
  const isRunning = status === 'running';
  return (
    <div className="run-bar">
      {isRunning ? (
        <button type="button" className="button button-stop" onClick={cancel}>
          <Stop /> Cancel
        </button>
      ) : (
        <button type="button" className="button button-primary" title="Ctrl+Enter" onClick={onRun}>
          <Play /> Run
        </button>
      )}
      <span className="run-status" role="status">
        {STATUS[status]}
      </span>
      {isRunning && <Elapsed since={startedAt} />}
      <span className="spring" />
      <button type="button" className="button button-plain" onClick={clear}>
        {isCleared ? 'Undo clear' : 'Clear'}
      </button>
    </div>
  );
}

const STATUS = {
  idle: '',
  running: 'Running…',
  done: 'Finished',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

/** The elapsed time, outside the status so that screen readers do not announce it. */
function Elapsed({ since }) {
  const [now, setNow] = useState(since);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 100);
    return () => clearInterval(timer);
  }, []);
  return <span className="run-elapsed">{formatDuration(Math.max(0, now - since))}</span>;
}
