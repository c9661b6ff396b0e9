// Two runs, side by side: their facts, what was different about their inputs, and
// their results.

import { IDLE } from '../run/run.js';
import { Boundary } from '../parts/boundary.jsx';
import { Dialog } from '../parts/dialog.jsx';
import { formatDuration } from '../parts/format.js';
import { Result } from '../result/result.jsx';
import { useShapes } from '../result/use-shapes.js';
import { useStore } from '../state/store.js';
import { differences } from './differences.js';
import { Status } from './history.jsx';
import { formatDay, formatTime } from './time.js';

export function CompareDialog({ onClose }) {
  const { runs, compared } = useStore((state) => state.history);
  const pair = compared
    .map((id) => runs.find((run) => run.id === id))
    .filter(Boolean)
    .toSorted((one, other) => one.at - other.at);
  const [one, other] = pair;
  const changes = other ? differences(one.input, other.input) : [];
  return (
    <Dialog title="Compare two runs" isWide onClose={onClose}>
      <div className="dialog-body">
        <section aria-labelledby="compare-input">
          <h3 id="compare-input">
            {changes.length === 0 ? 'Their inputs are equal' : 'What differs in the input'}
          </h3>
          {changes.length > 0 && (
            <table className="differences">
              <thead>
                <tr>
                  <th scope="col">Field</th>
                  {pair.map((run) => (
                    <th scope="col" key={run.id}>
                      {formatTime(run.at)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {changes.map((change) => (
                  <tr key={change.path}>
                    <th scope="row">
                      <code>{change.path}</code>
                    </th>
                    <td>{shown(change.one)}</td>
                    <td>{shown(change.other)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </section>
        <div className="compared">
          {pair.map((run, index) => (
            <Side key={run.id} run={run} label={`${PLACES[index]} run`} />
          ))}
        </div>
      </div>
    </Dialog>
  );
}

const PLACES = ['First', 'Second'];

function Side({ run, label }) {
  const { status, outcome, problem, texts = [], input } = run;
  const shapes = useShapes(run.address);
  const facts = [
    ['Action', run.title],
    ['Connection', run.connection],
    ['Duration', formatDuration(run.durationMs)],
    ['Tokens', run.tokens?.toLocaleString('en')],
  ].filter(([, value]) => value);
  return (
    <section className="compared-side" aria-label={label}>
      <h3>
        <Status status={status} /> {formatDay(run.at)}, {formatTime(run.at)}
      </h3>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Boundary message="This result cannot be shown.">
        <Result state={{ ...IDLE, status, outcome, problem, texts, input }} shapes={shapes} />
      </Boundary>
    </section>
  );
}

function shown(value) {
  if (value === undefined) {
    return <span className="unset">not set</span>;
  }
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
