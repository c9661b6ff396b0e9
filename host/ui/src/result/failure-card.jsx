// Why a run failed, and what helps to find out more.

import { sentence } from '../api/client.js';
import { formatDuration, spoken } from '../parts/format.js';
import { Alert, Chevron } from '../parts/icons.jsx';
import { Sentence } from '../parts/sentence.jsx';
import { Json } from './json.jsx';

export function FailureCard({ problem }) {
  const failure = problem.failure ?? {};
  const facts = [
    ['property', failure.property],
    ['status', failure.status],
    ['code', failure.code],
    ['requestId', failure.requestId],
    ['tryAgainAfter', failure.retryAfterMs && formatDuration(failure.retryAfterMs)],
    ['reference', problem.instance],
  ].filter(([, value]) => value !== undefined && value !== null);
  return (
    <section className="failure" id="failure" tabIndex={-1} aria-label="Failure">
      <h3>
        <Alert /> {spoken((failure.kind ?? 'failed').replace(/-/g, ' '))}
      </h3>
      <p>
        <Sentence text={sentence(problem)} />
      </p>
      {facts.length > 0 && (
        <dl className="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{spoken(name)}</dt>
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
