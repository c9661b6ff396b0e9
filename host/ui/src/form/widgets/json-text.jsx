// JSON text, such as a JSON Schema, checked while the user types.

import { useDeferredValue, useMemo } from 'react';
import { ariaDescribedByIds } from '@rjsf/utils';
import { GrowingText } from '../../parts/growing-text.jsx';
import { Alert, Check } from '../../parts/icons.jsx';
import { checkJson } from '../json-check.js';
import { isSchemaText } from '../schema.js';

export function JsonText(props) {
  const { id, value, required, placeholder, onChange, onBlur, rawErrors, schema } = props;
  const text = useDeferredValue(value ?? '');
  const isSchema = isSchemaText(schema, placeholder);
  const check = useMemo(() => checkJson(text, isSchema), [text, isSchema]);
  const isWrong = check.message !== undefined;
  return (
    <div className="json">
      <GrowingText
        id={id}
        className="json-box"
        minRows={6}
        value={value ?? ''}
        required={required}
        placeholder={placeholder}
        spellCheck={false}
        autoCapitalize="off"
        aria-invalid={isWrong || rawErrors?.length > 0}
        aria-describedby={`${id}__check ${ariaDescribedByIds(id)}`}
        onChange={({ target }) => onChange(target.value === '' ? undefined : target.value)}
        onBlur={({ target }) => onBlur(id, target.value)}
      />
      <div className="json-bar">
        <span
          id={`${id}__check`}
          role="status"
          className={isWrong ? 'json-check json-wrong' : 'json-check'}
        >
          {isWrong && <Alert />}
          {check.message}
          {check.value !== undefined && !isWrong && (
            <>
              <Check /> {isSchema ? 'Valid JSON Schema' : 'Valid JSON'}
            </>
          )}
        </span>
        <button
          type="button"
          className="button button-small"
          disabled={check.value === undefined}
          onClick={() => onChange(JSON.stringify(check.value, null, 2))}
        >
          Format
        </button>
      </div>
    </div>
  );
}
