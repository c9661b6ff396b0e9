// Names and values in a row.

import { Value } from './value.jsx';

/** More than these are data. */
const MAX_FACTS = 40;

/** @param {{facts: {label: string, value: unknown, display?: string}[]}} props */
export function Facts({ facts }) {
  return facts.length > 0 ? (
    <dl className="facts">
      {facts.slice(0, MAX_FACTS).map(({ label, value, display }, index) => (
        <div key={`${label} ${index}`}>
          <dt>{label}</dt>
          <dd>
            <Value value={value} display={display} />
          </dd>
        </div>
      ))}
    </dl>
  ) : null;
}
