// Prepares a form's value for sending.

/**
 * Drops empty lists and maps: rjsf creates them, and the service treats them as
 * unset.
 */
export function sentInput(value) {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([, member]) => !isEmpty(member)));
}

/** Drops what has its default, too: the host fills it in. */
export function changedInput(schema, value) {
  const isDefault = ([name, member]) =>
    JSON.stringify(member) === JSON.stringify(schema.properties?.[name]?.default);
  return Object.fromEntries(Object.entries(sentInput(value)).filter((entry) => !isDefault(entry)));
}

/** Adds the defaults of properties without a value. */
export function completeInput(schema, value) {
  const defaults = Object.entries(schema.properties ?? {})
    .filter(([, property]) => property.default !== undefined)
    .map(([name, property]) => [name, property.default]);
  return { ...Object.fromEntries(defaults), ...sentInput(value) };
}

const isEmpty = (member) =>
  member === undefined ||
  (typeof member === 'object' && member !== null && Object.keys(member).length === 0);
