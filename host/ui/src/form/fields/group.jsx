// The frame of a field that consists of several controls.

import { Description, Required } from '../templates/field.jsx';

/** @param {{field: import('@rjsf/utils').FieldProps, children: import('react').ReactNode}} props */
export function Group({ field, children }) {
  const { schema, fieldPathId, required, name } = field;
  return (
    <fieldset className="group" id={fieldPathId.$id}>
      <legend className="field-label">
        {schema.title ?? name}
        {required && <Required />}
      </legend>
      {children}
      <Description id={fieldPathId.$id} text={schema.description} />
    </fieldset>
  );
}

/** Reports a new value; an empty list or map counts as unset. */
export function change(field, value) {
  const isEmpty = Object.keys(value).length === 0;
  field.onChange(isEmpty ? undefined : value, field.fieldPathId.path);
}

/** The error messages of an item or member. */
export function errorsOf(field, step) {
  const collect = (errors) =>
    Object.entries(errors ?? {}).flatMap(([name, inner]) =>
      name === '__errors' ? (inner ?? []) : collect(inner),
    );
  return [...new Set(collect(field.errorSchema?.[step]))];
}
