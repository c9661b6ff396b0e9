// Selects several choices from a closed list.

import { ownChoices } from '../schema.js';

export function Checkboxes({ id, label, value = [], onChange, schema }) {
  const choices = ownChoices(schema.items);
  const toggle = (choice) => {
    // In the list's order, and undefined if nothing is chosen.
    const chosen = choices
      .map((other) => other.value)
      .filter((other) => value.includes(other) !== (other === choice));
    onChange(chosen.length > 0 ? chosen : undefined);
  };
  return (
    <div className="checkboxes" role="group" aria-label={label} id={id}>
      {choices.map((choice) => (
        <label key={choice.label} className="checkbox">
          <input
            type="checkbox"
            checked={value.includes(choice.value)}
            onChange={() => toggle(choice.value)}
          />
          <span>
            {choice.label}
            {choice.description && <small>{choice.description}</small>}
          </span>
        </label>
      ))}
    </div>
  );
}
