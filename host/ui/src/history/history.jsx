// The history: a list of runs to open, pin and compare.

import { useState } from 'react';
import { formatDuration } from '../parts/format.js';
import { Columns, Pin } from '../parts/icons.jsx';
import { Segments } from '../parts/segments.jsx';
import { useStore } from '../state/store.js';
import { showDialog } from '../state/shown.js';
import { openRun } from './open-run.js';
import { clearHistory, toggleCompared, togglePin, undoClear } from './runs.js';
import { summaryOf } from './summary.js';
import { formatDay, formatTime } from './time.js';

const SCOPES = [
  { value: true, label: 'This action' },
  { value: false, label: 'All actions' },
];

/** How many more rows each click shows. */
const PAGE = 50;

export function History() {
  const { runs, compared, removed } = useStore((state) => state.history);
  const address = useStore((state) => state.work.address);
  const [isOwn, setOwn] = useState(true);
  const [limit, setLimit] = useState(PAGE);
  const own = runs.filter((run) => !isOwn || run.address === address);
  const shown = own.slice(0, limit);
  const pinned = shown.filter((run) => run.isPinned);
  const groups = [['Pinned', pinned], ...byDay(shown.filter((run) => !run.isPinned))];
  return (
    <section className="history" aria-label="History">
      <div className="history-bar">
        <Segments label="Runs of" options={SCOPES} value={isOwn} onChange={setOwn} />
        <span className="spring" />
        <button
          type="button"
          className="button button-small"
          disabled={compared.length < 2}
          title="Select two runs to compare them"
          onClick={() => showDialog({ kind: 'compare' })}
        >
          <Columns /> Compare
        </button>
        <button
          type="button"
          className="button button-small"
          disabled={runs.length === 0}
          onClick={clearHistory}
        >
          Clear all
        </button>
      </div>
      <div role="status">
        {removed && (
          <p className="notice notice-row">
            History cleared.
            <span className="spring" />
            <button type="button" className="button button-small" onClick={undoClear}>
              Undo
            </button>
          </p>
        )}
      </div>
      {own.length === 0 && (
        <p className="empty">
          {isOwn ? 'No runs of this action yet.' : 'No runs yet.'} Runs are kept in this browser
          only, without secrets.
        </p>
      )}
      {groups
        .filter(([, members]) => members.length > 0)
        .map(([title, members]) => (
          <section key={title} aria-label={title}>
            <p className="history-day">{title}</p>
            <ul className="runs">
              {members.map((run) => (
                <Row
                  key={run.id}
                  run={run}
                  isCompared={compared.includes(run.id)}
                  hasTitle={!isOwn}
                />
              ))}
            </ul>
          </section>
        ))}
      {own.length > limit && (
        <button type="button" className="button" onClick={() => setLimit(limit + PAGE)}>
          Show more
        </button>
      )}
    </section>
  );
}

function Row({ run, isCompared, hasTitle }) {
  const isShown = useStore((state) => state.work.shownRun === run.id);
  const time = formatTime(run.at);
  const facts = [
    hasTitle && `${run.connector} · ${run.title}`,
    run.connection,
    formatDuration(run.durationMs),
    run.tokens !== undefined && `${run.tokens.toLocaleString('en')} tokens`,
  ].filter(Boolean);
  return (
    <li className={isShown ? 'run run-shown' : 'run'}>
      <label className="run-check">
        <span className="hidden">Compare the run of {time}</span>
        <input
          type="checkbox"
          className="run-select"
          checked={isCompared}
          onChange={() => toggleCompared(run.id)}
        />
      </label>
      <button type="button" className="run-open" onClick={() => openRun(run)}>
        <span className="run-line">
          <Status status={run.status} />
          <span className="run-summary">{summaryOf(run)}</span>
          <time dateTime={new Date(run.at).toISOString()}>{time}</time>
        </span>
        <span className="run-facts">{facts.join(' · ')}</span>
      </button>
      <button
        type="button"
        className={run.isPinned ? 'button-icon pinned' : 'button-icon'}
        aria-pressed={Boolean(run.isPinned)}
        aria-label={`Pin the run of ${time}`}
        onClick={() => togglePin(run.id)}
      >
        <Pin />
      </button>
    </li>
  );
}

const STATUS = { done: 'Finished', failed: 'Failed', cancelled: 'Cancelled' };

export function Status({ status }) {
  return (
    <span className={`status status-${status}`}>
      <span className="hidden">{STATUS[status]}: </span>
    </span>
  );
}

function byDay(runs) {
  const days = new Map();
  for (const run of runs) {
    const day = formatDay(run.at);
    days.set(day, [...(days.get(day) ?? []), run]);
  }
  return [...days];
}
