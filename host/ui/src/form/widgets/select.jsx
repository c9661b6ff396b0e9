// Selects one choice from a closed list, and shows its description.

import { ariaDescribedByIds } from '@rjsf/utils';
import { ownChoices } from '../schema.js';

export function Select(props) {
  const { id, value, required, uiSchema, onChange, onBlur, rawErrors, schema, options } = props;
  // rjsf does not pass the placeholder on for booleans.
  const placeholder = props.placeholder || uiSchema?.['ui:placeholder'];
  const choices = options.enumOptions ?? [];
  const index = choices.findIndex((choice) => choice.value === value);
  const description = ownChoices(schema).find((choice) => choice.value === value)?.description;
  return (
    <>
      <select
        id={id}
        className={index < 0 ? 'input select input-empty' : 'input select'}
        value={index < 0 ? '' : index}
        required={required}
        aria-invalid={rawErrors?.length > 0}
        aria-describedby={ariaDescribedByIds(id)}
        onChange={({ target }) => onChange(choices[target.value]?.value)}
        onBlur={() => onBlur(id, value)}
      >
        {schema.default === undefined && <option value="">{placeholder ?? '–'}</option>}
        {choices.map((choice, number) => (
          <option key={choice.label} value={number}>
            {choice.label}
          </option>
        ))}
      </select>
      {description && <span className="choice-description">{description}</span>}
    </>
  );
}
