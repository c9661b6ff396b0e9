// Functions that the model called during the run.

import { Chevron } from '../parts/icons.jsx';
import { Json } from './json.jsx';

export function Calls({ calls }) {
  return calls.map((call) => (
    <details className="fold call" key={call.id}>
      <summary>
        <Chevron />
        <code>{call.name}</code>
        <span className="fold-count">{state(call)}</span>
      </summary>
      <div className="fold-body">
        <h4>Arguments</h4>
        <Json value={call.arguments} />
        {call.error !== undefined && <p className="field-error">{call.error}</p>}
        {call.result !== undefined && (
          <>
            <h4>Result</h4>
            <Json value={call.result} />
          </>
        )}
      </div>
    </details>
  ));
}

function state({ error, result }) {
  if (error !== undefined) {
    return 'failed';
  }
  return result === undefined ? 'running…' : 'called';
}
