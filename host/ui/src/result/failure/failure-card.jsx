// Why a run failed, what to do about it, and details for further investigation. What is
// shown at a field or at the connection is not repeated: the card links to it.

import { accessKey } from '../../api/access.js';
import { sentence } from '../../api/client.js';
import { formatDuration } from '../../parts/format.js';
import { Alert, Chevron } from '../../parts/icons.jsx';
import { Sentence } from '../../parts/sentence.jsx';
import { Data } from '../output/data.jsx';
import { Facts } from '../output/facts.jsx';
import { adviceOn, mayHaveCost } from './advice.js';
import { placesOf } from './place.js';

/**
 * @param {object} props
 * @param {import('../../api/client.js').Problem} props.problem
 * @param {import('../result.jsx').Form} [props.form]
 */
export function FailureCard({ problem, form }) {
  const { title, hint, canRepeat, wantsKey, isWhole } = adviceOn(problem);
  const { fields, others, isConnection } = placesOf(problem, form?.hasField ?? (() => false));
  const isAtPlace = form?.isShown && (isConnection || (fields.length > 0 && others.length === 0));
  const hasMessage = !isWhole && !isAtPlace;
  const messages =
    fields.length > 0 && others.length > 0
      ? others.map(({ message }) => message)
      : [sentence(problem)];
  return (
    <section className="failure" id={form && 'failure'} tabIndex={-1} aria-label="Failure">
      <h3>
        <Alert /> {title}
      </h3>
      {hasMessage &&
        messages.map((message) => (
          <p key={message} dir="auto">
            <Sentence text={message} />
          </p>
        ))}
      {hint && <p className="failure-hint">{hint}</p>}
      {mayHaveCost(problem) && (
        <p className="failure-hint">You may have been charged for this run.</p>
      )}
      <div className="failure-actions">
        {form &&
          fields.map(({ property }) => (
            <button
              key={property}
              type="button"
              className="button button-small"
              onClick={() => form.show(property)}
            >
              Go to <bdi>{form.labelOf(property)}</bdi>
            </button>
          ))}
        {form && isConnection && (
          <button type="button" className="button button-small" onClick={form.showConnection}>
            Go to the connection
          </button>
        )}
        {form && canRepeat && (
          <button type="button" className="button button-small" onClick={form.run}>
            Run again
          </button>
        )}
        {wantsKey && (
          <button
            type="button"
            className="button button-small"
            onClick={() => accessKey.ask(sentence(problem))}
          >
            Enter the key
          </button>
        )}
      </div>
      <Details problem={problem} />
    </section>
  );
}

function Details({ problem }) {
  const { status, code, requestId, retryAfterMs, detail } = problem.failure ?? {};
  const facts = [
    ['HTTP status', status],
    ['Code', code],
    ['Request ID', requestId],
    ['Retry after', retryAfterMs && formatDuration(retryAfterMs)],
    ['Reference', problem.instance],
  ].filter(([, value]) => value !== undefined && value !== null && value !== '');
  const hasDetail = detail !== undefined && detail !== null && detail !== '';
  return facts.length > 0 || hasDetail ? (
    <details className="fold">
      <summary>
        <Chevron /> Details
      </summary>
      <div className="card-body">
        <Facts facts={facts.map(([label, value]) => ({ label, value }))} />
        {hasDetail && <Data value={parsed(detail)} label="Provider’s response" />}
      </div>
    </details>
  ) : null;
}

/** The provider's response is usually JSON. */
function parsed(detail) {
  try {
    return JSON.parse(detail);
  } catch {
    return detail;
  }
}
