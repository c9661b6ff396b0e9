// A run's metadata: model, duration, usage and the rest.

import { formatDuration, labelOf } from '../../parts/format.js';
import { Chevron } from '../../parts/icons.jsx';
import { pace } from '../../run/pace.js';
import { Data } from '../output/data.jsx';
import { Facts } from '../output/facts.jsx';
import { isObject } from '../reading/shape.js';
import { answerTokens, countsIn } from '../reading/usage.js';

/**
 * @param {object} props
 * @param {object} props.metadata
 * @param {import('../../run/pace.js').Timing} [props.timing] if the run was watched
 */
export function Metadata({ metadata, timing }) {
  if (!isObject(metadata)) {
    return null;
  }
  const { model, usage, durationMs, attempts, requestId, finishReasons, ...others } = metadata;
  const { firstMs, tokensPerSecond } = pace(timing, answerTokens(metadata));
  const facts = [
    ['Model', model],
    ['Duration', Number.isFinite(durationMs) && formatDuration(durationMs)],
    ['First text', firstMs !== undefined && formatDuration(firstMs)],
    ['Speed', tokensPerSecond && `${tokensPerSecond.toLocaleString('en')} tokens/s`],
    ...countsIn(metadata).map(([name, count]) => [labelOf(name), count.toLocaleString('en')]),
    ['Attempts', attempts > 1 && attempts],
    ['Finish reason', reasonsIn(finishReasons)],
    ['Request ID', requestId],
  ];
  const hasMore = Object.keys(others).length > 0 || Object.values(usage ?? {}).some(isObject);
  return (
    <div className="metadata" role="group" aria-label="Usage and duration">
      <Facts
        facts={facts.filter(([, value]) => value).map(([label, value]) => ({ label, value }))}
      />
      {hasMore && (
        <details className="fold">
          <summary>
            <Chevron /> All metadata
          </summary>
          <Data value={metadata} label="Metadata" />
        </details>
      )}
    </div>
  );
}

/** The reasons of all answers, each once. */
function reasonsIn(reasons) {
  const texts = Array.isArray(reasons) ? reasons.filter((one) => typeof one === 'string') : [];
  return [...new Set(texts)].join(', ');
}
