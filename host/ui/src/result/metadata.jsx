// A run's metadata: model, duration, usage and the rest.

import { formatDuration, labelOf } from '../parts/format.js';
import { Chevron } from '../parts/icons.jsx';
import { Json } from './json.jsx';

export function Metadata({ metadata = {} }) {
  const { model, usage, durationMs, attempts, requestId, ...others } = metadata;
  const numbers = Object.entries(usage ?? {}).filter(([, value]) => typeof value === 'number');
  const facts = [
    ['Model', model],
    ['Duration', durationMs !== undefined && formatDuration(durationMs)],
    ...numbers.map(([name, value]) => [labelOf(name), value.toLocaleString('en')]),
    ['Attempts', attempts > 1 && attempts],
    ['Request ID', requestId],
  ].filter(([, value]) => value);
  const hasMore = Object.keys(others).length > 0 || numbers.length < Object.keys(usage ?? {}).length;
  return (
    <section className="metadata" aria-label="Usage and duration">
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {hasMore && (
        <details className="fold">
          <summary>
            <Chevron /> All metadata
          </summary>
          <Json value={metadata} />
        </details>
      )}
    </section>
  );
}
