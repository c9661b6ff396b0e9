// Keeps rjsf from filling in optional objects: it would send an object that the user
// never touched, as soon as one of its members has a default. The default is shown as
// a placeholder instead; the host applies it to an object that is sent.

/** @returns {object} the schema without the defaults inside optional objects */
export function withoutInnerDefaults(schema, isInOptional = false) {
  const strip = (part) => {
    if (!part?.properties) {
      return part;
    }
    const members = Object.entries(part.properties).map(([name, property]) => [
      name,
      stripped(property, isInOptional || !part.required?.includes(name), isInOptional),
    ]);
    return { ...part, properties: Object.fromEntries(members) };
  };
  const own = strip(schema);
  return own.allOf
    ? {
        ...own,
        allOf: own.allOf.map((rule) => ({ ...rule, ...(rule.then && { then: strip(rule.then) }) })),
      }
    : own;
}

function stripped(property, isOptional, isInside) {
  if (property.type === 'object') {
    return withoutInnerDefaults(property, isOptional);
  }
  if (!isInside || property.default === undefined) {
    return property;
  }
  const { default: value, ...rest } = property;
  return { ...rest, 'x-default': value };
}
