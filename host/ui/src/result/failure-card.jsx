// Why a run failed, with details for further investigation.

import { sentence } from '../api/client.js';
import { formatDuration, labelOf } from '../parts/format.js';
import { Alert, Chevron } from '../parts/icons.jsx';
import { Sentence } from '../parts/sentence.jsx';
import { Json } from './json.jsx';

export function FailureCard({ problem }) {
  const failure = problem.failure ?? {};
  const facts = [
    ['Property', failure.property],
    ['HTTP status', failure.status],
    ['Code', failure.code],
    ['Request ID', failure.requestId],
    ['Retry after', failure.retryAfterMs && formatDuration(failure.retryAfterMs)],
    ['Reference', problem.instance],
  ].filter(([, value]) => value !== undefined && value !== null);
  return (
    <section className="failure" id="failure" tabIndex={-1} aria-label="Failure">
      <h3>
        <Alert /> {labelOf((failure.kind ?? 'failed').replace(/-/g, ' '))}
      </h3>
      <p>
        <Sentence text={sentence(problem)} />
      </p>
      {facts.length > 0 && (
        <dl className="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <code>{value}</code>
              </dd>
            </div>
          ))}
        </dl>
      )}
      {failure.detail !== undefined && failure.detail !== null && (
        <details className="fold">
          <summary>
            <Chevron /> Details
          </summary>
          <Json value={failure.detail} />
        </details>
      )}
    </section>
  );
}
