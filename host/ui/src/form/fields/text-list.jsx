// A list of strings: Enter adds a string, and Backspace removes an empty one.

import { useEffect, useRef } from 'react';
import { Add, Remove } from '../../parts/icons.jsx';
import { Group, change, errorsOf } from './group.jsx';

export function TextList(props) {
  const { schema, uiSchema, fieldPathId, onBlur, name, required } = props;
  const given = props.formData ?? [];
  // A required list begins with an empty row, which is not part of the value.
  const formData = given.length === 0 && required ? [''] : given;
  const label = schema.title ?? name;
  const isFull = schema.maxItems !== undefined && formData.length >= schema.maxItems;
  const box = useRef(null);
  const focus = useRef();
  useEffect(() => {
    if (focus.current !== undefined) {
      box.current.querySelectorAll('input')[focus.current]?.focus();
      focus.current = undefined;
    }
  });

  const add = (index) => {
    if (!isFull) {
      focus.current = index;
      change(props, formData.toSpliced(index, 0, ''));
    }
  };
  const remove = (index) => {
    focus.current = Math.max(0, index - 1);
    change(props, formData.toSpliced(index, 1));
  };
  const press = (event, index) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      add(index + 1);
    } else if (event.key === 'Backspace' && formData[index] === '') {
      event.preventDefault();
      remove(index);
    }
  };

  return (
    <Group field={props}>
      <div className="rows" ref={box}>
        {formData.map((text, index) => {
          const id = `${fieldPathId.$id}_${index}`;
          const errors = errorsOf(props, index);
          return (
            // A string is identified only by its position.
            <div className="row" key={id}>
              <input
                id={id}
                className="input"
                type={schema.items['x-secret'] ? 'password' : 'text'}
                autoComplete={schema.items['x-secret'] ? 'new-password' : 'off'}
                aria-label={`${label} ${index + 1}`}
                aria-invalid={errors.length > 0}
                placeholder={uiSchema?.items?.['ui:placeholder']}
                value={text ?? ''}
                onChange={({ target }) => change(props, formData.with(index, target.value))}
                onKeyDown={(event) => press(event, index)}
                onBlur={({ target }) => onBlur(id, target.value)}
              />
              <button
                type="button"
                className="button-icon"
                aria-label={`Remove ${label} ${index + 1}`}
                onClick={() => remove(index)}
              >
                <Remove />
              </button>
              {errors.length > 0 && <p className="field-error">{errors.join('; ')}</p>}
            </div>
          );
        })}
      </div>
      <button
        type="button"
        className="button button-small"
        disabled={isFull}
        aria-label={`Add to ${label}`}
        onClick={() => add(formData.length)}
      >
        <Add /> Add
      </button>
    </Group>
  );
}
