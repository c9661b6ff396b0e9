// The secrets of a stored connection are never shown; a field left empty keeps its
// secret.

/** The form for a connection, in which stored secrets need not be entered again. */
export function formFor(connection, schema, uiSchema) {
  const kept = connection?.secrets ?? [];
  if (kept.length === 0) {
    return { schema, uiSchema };
  }
  const hints = kept.map((secret) => [
    secret,
    { ...uiSchema[secret], 'ui:placeholder': 'stored; enter a new value to replace it' },
  ]);
  const required = (schema.required ?? []).filter((name) => !kept.includes(name));
  return {
    schema: { ...schema, required },
    uiSchema: { ...uiSchema, ...Object.fromEntries(hints) },
  };
}

/** Whether two sets of values are equal, regardless of their order. */
export function sameValues(one, other) {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => JSON.stringify(one[name]) === JSON.stringify(other[name]));
}
