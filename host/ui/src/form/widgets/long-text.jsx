// Text of several lines.

import { ariaDescribedByIds } from '@rjsf/utils';
import { GrowingText } from '../../parts/growing-text.jsx';

export function LongText(props) {
  const { id, value, required, placeholder, onChange, onBlur, rawErrors, schema, options } = props;
  const length = (value ?? '').length;
  const { maxLength } = schema;
  return (
    <>
      <GrowingText
        id={id}
        minRows={options.rows ?? 3}
        value={value ?? ''}
        required={required}
        placeholder={placeholder}
        aria-invalid={rawErrors?.length > 0}
        aria-describedby={ariaDescribedByIds(id)}
        onChange={({ target }) => onChange(target.value === '' ? undefined : target.value)}
        onBlur={({ target }) => onBlur(id, target.value)}
      />
      {length > maxLength / 2 && (
        <span className="counter">
          {length} of {maxLength}
        </span>
      )}
    </>
  );
}
