// A choice between a few views, next to each other. Radio buttons, so that arrow keys
// move between them.

import { useId } from 'react';

/**
 * @param {{label: string, options: {value: unknown, label: string}[], value: unknown,
 *   onChange: (value: unknown) => void}} props
 */
export function Segments({ label, options, value, onChange }) {
  const name = useId();
  return (
    <fieldset className="segments">
      <legend className="hidden">{label}</legend>
      {options.map((option) => (
        <label key={option.label} className={option.value === value ? 'segment chosen' : 'segment'}>
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
