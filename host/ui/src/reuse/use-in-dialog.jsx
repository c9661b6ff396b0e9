// Chooses a part of a result, and an action to use it in.

import { useEffect, useState } from 'react';
import { Dialog } from '../parts/dialog.jsx';
import { Forward } from '../parts/icons.jsx';
import { fill } from '../state/input.js';
import { openThen } from '../state/opening.js';
import { store, useStore } from '../state/store.js';
import { piecesOf } from './pieces.js';
import { placed } from './place.js';
import { accepts, findTargets } from './targets.js';

export function UseInDialog({ onClose }) {
  const components = useStore((state) => state.catalog.components);
  const output = useStore((state) => state.work.run.outcome?.output);
  const pieces = piecesOf(output);
  const [index, setIndex] = useState(0);
  const [targets, setTargets] = useState();
  useEffect(() => {
    findTargets(components).then(setTargets);
  }, [components]);

  const piece = pieces[index];
  const fitting = (targets?.[piece?.kind] ?? []).filter(
    (target) => piece.kind === 'text' || accepts(target, piece.value),
  );
  const use = (target) => {
    onClose();
    const { title } = store.get().work.action;
    openThen(target.address, () => {
      const { form, input } = store.get().work;
      fill(placed(form.schema, input, target.property, piece.value), `Filled in from ${title}.`);
    });
  };
  return (
    <Dialog title="Use in another action" onClose={onClose}>
      <div className="dialog-body">
        {pieces.length > 1 && (
          <div className="field">
            <label className="field-label" htmlFor="piece">
              What to use
            </label>
            <select
              id="piece"
              className="input select"
              value={index}
              onChange={({ target }) => setIndex(Number(target.value))}
            >
              {pieces.map(({ label }, number) => (
                // Two parts may have the same name.
                <option key={`${number}`} value={number}>
                  {label}
                </option>
              ))}
            </select>
          </div>
        )}
        {piece?.kind === 'text' && <p className="piece">{piece.value.slice(0, 200)}</p>}
        <ul className="targets" aria-label="Actions">
          {fitting.map((target) => (
            <li key={`${target.address} ${target.property}`}>
              <button type="button" className="target" onClick={() => use(target)}>
                <span>
                  <b>{target.title}</b> <small>{target.connector}</small>
                </span>
                <small>{target.label}</small>
                <Forward />
              </button>
            </li>
          ))}
        </ul>
        {targets && fitting.length === 0 && <p className="notice">No action takes this.</p>}
      </div>
    </Dialog>
  );
}
