// Names and values in a row.

import { Value } from './value.jsx';

/** @param {{facts: {label: string, value: unknown, display?: string}[]}} props */
export function Facts({ facts }) {
  return facts.length > 0 ? (
    <dl className="facts">
      {facts.map(({ label, value, display }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <Value value={value} display={display} />
          </dd>
        </div>
      ))}
    </dl>
  ) : null;
}
