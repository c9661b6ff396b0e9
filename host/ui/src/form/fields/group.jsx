// The frame of a field that is made of several controls.

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

/** Hands an empty list or map on as not given. */
export function change(field, value) {
  const isEmpty = Object.keys(value).length === 0;
  field.onChange(isEmpty ? undefined : value, field.fieldPathId.path);
}

/** The messages of an item's or member's errors. */
export function errorsOf(field, step) {
  const collect = (errors) =>
    Object.entries(errors ?? {}).flatMap(([name, inner]) =>
      name === '__errors' ? (inner ?? []) : collect(inner),
    );
  return [...new Set(collect(field.errorSchema?.[step]))];
}
