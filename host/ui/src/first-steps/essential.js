// Reduces a connection's form to what is needed to connect: fields without a default
// that are not advanced, and those that have been filled in, for example by pasting.

import { propertiesOf } from '../form/schema.js';

/** @returns {object} a uiSchema that hides the other fields */
export function essential({ schema, uiSchema }, values) {
  const entries = Object.entries(propertiesOf(schema)).map(([name, property]) => {
    const isFilledIn = !isEmpty(values[name]) && values[name] !== property.default;
    const isNeeded = !property['x-advanced'] && property.default === undefined;
    const { 'ui:options': _options, ...own } = uiSchema[name] ?? {};
    return [name, isFilledIn || isNeeded ? own : { 'ui:widget': 'hidden' }];
  });
  return { 'ui:order': uiSchema['ui:order'], ...Object.fromEntries(entries) };
}

/** rjsf fills in empty lists and maps. */
const isEmpty = (value) =>
  value === undefined || (typeof value === 'object' && Object.keys(value ?? {}).length === 0);
