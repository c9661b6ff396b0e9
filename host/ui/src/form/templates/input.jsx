// A single-line input. Numbers use `type="text"` too: a number input has no value at
// all while it contains anything but a number, so the field could not report what is wrong.

import { ariaDescribedByIds } from '@rjsf/utils';
import { Slider, isBounded } from './slider.jsx';

const KINDS = { password: 'password', email: 'email', uri: 'url', url: 'url', tel: 'tel' };
const DATES = new Set(['date', 'datetime-local', 'time']);

export function Input(props) {
  const { id, value, required, disabled, readonly, onChange, onBlur, onFocus } = props;
  const { schema, type, options, placeholder, rawErrors } = props;
  const isNumber = schema.type === 'number' || schema.type === 'integer';
  const wanted = options.inputType ?? type;
  const box = (
    <input
      id={id}
      type={KINDS[wanted] ?? (DATES.has(wanted) ? wanted : 'text')}
      inputMode={isNumber ? (schema.type === 'integer' ? 'numeric' : 'decimal') : undefined}
      className={isNumber ? 'input input-number' : 'input'}
      value={value ?? ''}
      placeholder={placeholder}
      required={required}
      disabled={disabled}
      readOnly={readonly}
      autoComplete={schema['x-secret'] ? 'new-password' : 'off'}
      spellCheck={type === 'text' && !isNumber}
      aria-invalid={rawErrors?.length > 0}
      aria-describedby={ariaDescribedByIds(id)}
      onChange={({ target }) => onChange(target.value === '' ? undefined : target.value)}
      onBlur={({ target }) => onBlur(id, target.value)}
      onFocus={({ target }) => onFocus(id, target.value)}
    />
  );
  if (!isNumber || !isBounded(schema)) {
    return box;
  }
  return (
    <div className="bounded">
      <Slider label={props.label} schema={schema} value={value} onChange={onChange} />
      {box}
    </div>
  );
}
