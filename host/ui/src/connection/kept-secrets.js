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
  return {
    schema: withOptional(schema, kept),
    uiSchema: { ...uiSchema, ...Object.fromEntries(hints) },
  };
}

/** A schema in which these properties are not required, not even conditionally. */
function withOptional(schema, names) {
  const required = schema.required?.filter((name) => !names.includes(name));
  const allOf = schema.allOf?.map((rule) =>
    rule.then ? { ...rule, then: withOptional(rule.then, names) } : rule,
  );
  return { ...schema, ...(required && { required }), ...(allOf && { allOf }) };
}

/** Whether two sets of values are equal, regardless of their order. */
export function sameValues(one, other) {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => JSON.stringify(one[name]) === JSON.stringify(other[name]));
}
