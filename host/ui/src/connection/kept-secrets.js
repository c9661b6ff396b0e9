// A stored connection's secrets are never shown; left empty they stay.

/** The form for a new connection, or for one whose secrets need not be given again. */
export function formFor(connection, schema, uiSchema) {
  const kept = connection?.secrets ?? [];
  if (kept.length === 0) {
    return { schema, uiSchema };
  }
  const hints = kept.map((secret) => [
    secret,
    { ...uiSchema[secret], 'ui:placeholder': 'stored; type to replace it' },
  ]);
  const required = (schema.required ?? []).filter((name) => !kept.includes(name));
  return {
    schema: { ...schema, required },
    uiSchema: { ...uiSchema, ...Object.fromEntries(hints) },
  };
}

/** Whether two sets of values are the same, whatever their order. */
export function sameValues(one, other) {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => JSON.stringify(one[name]) === JSON.stringify(other[name]));
}
