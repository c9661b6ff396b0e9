// A map whose keys the user chooses, such as token weights.

import { useState } from 'react';
import { asNumber } from '@rjsf/utils';
import { Add, Remove } from '../../parts/icons.jsx';
import { Group, change, errorsOf } from './group.jsx';

export function MapField(props) {
  const { schema, formData = {}, fieldPathId, onBlur, name } = props;
  const label = schema.title ?? name;
  const shape = schema.additionalProperties === true ? {} : schema.additionalProperties;
  // While the user types, keys may be empty or equal, which a map cannot represent.
  const [typed, setTyped] = useState(() => Object.entries(formData));
  const rows = same(mapOf(typed), formData) ? typed : Object.entries(formData);

  const put = (next) => {
    setTyped(next);
    change(props, mapOf(next));
  };
  const { pattern: source } = schema.propertyNames ?? {};
  // The field's own message states the rule for keys; this marks the key that breaks it.
  const pattern = source && new RegExp(source, 'u');
  return (
    <Group field={props}>
      <div className="rows">
        {rows.map(([key, value], index) => {
          const isDuplicate = rows.findIndex(([other]) => other === key) < index && key !== '';
          const isKeyWrong = isDuplicate || (key !== '' && pattern?.test(key) === false);
          const errors = key === '' ? [] : errorsOf(props, key);
          if (isDuplicate) {
            errors.push('duplicate key');
          }
          const id = `${fieldPathId.$id}_${key}`;
          return (
            // The key changes while the user types, so it cannot identify the row.
            <div className="row row-pair" key={`${index}`}>
              <input
                className="input"
                aria-label={`${label} ${index + 1}, key`}
                aria-invalid={isKeyWrong}
                placeholder="key"
                value={key}
                onChange={({ target }) => put(rows.with(index, [target.value, value]))}
                onBlur={() => onBlur(fieldPathId.$id, formData)}
              />
              <input
                id={id}
                className="input"
                type={shape['x-secret'] ? 'password' : 'text'}
                autoComplete={shape['x-secret'] ? 'new-password' : 'off'}
                aria-label={`${label} ${index + 1}, value`}
                aria-invalid={errors.length > 0}
                placeholder="value"
                inputMode={isNumber(shape) ? 'numeric' : undefined}
                value={shown(value)}
                onChange={({ target }) => put(rows.with(index, [key, read(target.value, shape)]))}
                onBlur={() => onBlur(id, value)}
              />
              <button
                type="button"
                className="button-icon"
                aria-label={`Remove ${label} ${index + 1}`}
                onClick={() => put(rows.toSpliced(index, 1))}
              >
                <Remove />
              </button>
              {errors.length > 0 && (
                <p className="field-error" role="alert">
                  {errors.join('; ')}
                </p>
              )}
            </div>
          );
        })}
      </div>
      <button
        type="button"
        className="button button-small"
        aria-label={`Add to ${label}`}
        onClick={() => put([...rows, ['', undefined]])}
      >
        <Add /> Add
      </button>
    </Group>
  );
}

const isNumber = ({ type }) => type === 'integer' || type === 'number';

function mapOf(rows) {
  return Object.fromEntries(
    rows.filter(([key, value]) => key !== '' && value !== undefined && value !== ''),
  );
}

function shown(value) {
  return typeof value === 'object' ? JSON.stringify(value) : (value ?? '');
}

/** Reads what was typed: as a number or, if the map accepts any value, as JSON. */
function read(text, shape) {
  if (isNumber(shape)) {
    return asNumber(text) ?? undefined;
  }
  if (shape.type === 'string') {
    return text;
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
