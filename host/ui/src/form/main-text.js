// The text that an action is about may be long: its box grows with it.

/** @returns {object} the uiSchema, with a growing box for the action's text property */
export function withMainText(schema, uiSchema, textProperty) {
  const property = schema.properties?.[textProperty];
  const isPlain = property?.type === 'string' && !property.oneOf && !property['x-secret'];
  if (!isPlain || uiSchema[textProperty]?.['ui:widget']) {
    return uiSchema;
  }
  const own = uiSchema[textProperty];
  const options = { ...own?.['ui:options'], rows: 1 };
  return {
    ...uiSchema,
    [textProperty]: { ...own, 'ui:widget': 'textarea', 'ui:options': options },
  };
}
