// The action's examples. One click fills in the form.

import { parsePath } from '../form/property-path.js';
import { fill } from '../state/input.js';

export function Examples({ examples = [] }) {
  if (examples.length === 0) {
    return null;
  }
  return (
    <section className="examples" aria-label="Examples">
      <span className="examples-label">Examples</span>
      {examples.map(({ title, input }) => (
        <button key={title} type="button" className="chip" onClick={() => take(title, input)}>
          {title}
        </button>
      ))}
    </section>
  );
}

/** An example's files do not exist here, so they are left to the user. */
function take(title, input) {
  const dropped = fill(input, `Filled in: ${title}.`);
  if (dropped.length > 0) {
    const [first] = parsePath(dropped[0]);
    setTimeout(() => document.getElementById(`root_${first}_file`)?.focus());
  }
}
