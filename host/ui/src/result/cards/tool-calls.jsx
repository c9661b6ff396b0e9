// What the provider did or asks for beside its answer, such as searches: one card each.

import { labelOf } from '../../parts/format.js';
import { Chevron } from '../../parts/icons.jsx';
import { Data } from '../output/data.jsx';

/** @param {{groups: {label: string, items: object[]}[]}} props */
export function ToolCalls({ groups }) {
  return groups.map(({ label, items }) => (
    <section className="cards" key={label} aria-label={label}>
      <h3>{label}</h3>
      {items.map((item, index) => (
        <details className="fold card" key={`${index}`}>
          <summary>
            <Chevron />
            <bdi className="card-title">{titleOf(item)}</bdi>
            {typeof item.status === 'string' && (
              <span className="card-state">{labelOf(item.status)}</span>
            )}
          </summary>
          <div className="card-body">
            <Data value={item} label={titleOf(item)} />
          </div>
        </details>
      ))}
    </section>
  ));
}

function titleOf({ name, type }) {
  if (typeof name === 'string' && name !== '') {
    return name;
  }
  return typeof type === 'string' && type !== '' ? labelOf(type) : 'Call';
}
