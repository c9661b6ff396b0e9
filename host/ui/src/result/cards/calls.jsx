// Functions that the model called during the run: one card each.

import { useId } from 'react';
import { Chevron } from '../../parts/icons.jsx';
import { Data } from '../output/data.jsx';

export function Calls({ calls }) {
  const id = useId();
  return calls.length > 0 ? (
    <section className="cards" aria-labelledby={id}>
      <h3 id={id}>Function calls</h3>
      {calls.map((call, index) => (
        <Call call={call} key={`${call.id} ${index}`} />
      ))}
    </section>
  ) : null;
}

function Call({ call }) {
  const { name, error, result } = call;
  const state = error !== undefined ? 'Failed' : result === undefined ? 'Running…' : 'Done';
  return (
    <details className="fold card">
      <summary>
        <Chevron />
        <code className="card-title">{name}</code>
        <span className={error === undefined ? 'card-state' : 'card-state card-failed'}>
          {state}
        </span>
      </summary>
      <div className="card-body">
        <h4>Arguments</h4>
        <Data value={call.arguments} label="Arguments" />
        {error !== undefined && <p className="field-error">{error}</p>}
        {result !== undefined && (
          <>
            <h4>Result</h4>
            <Data value={result} label="Result" />
          </>
        )}
      </div>
    </details>
  );
}
