// Adds the page's own controls to a uiSchema. The host's uiSchema names only
// those that are built into rjsf, and `fileEntry`; the schema determines which of
// ours fits.

import {
  hasManyChoices,
  hasSuggestions,
  isChoiceList,
  isFile,
  isFileList,
  isJsonText,
  isLongText,
  isMap,
  isTextList,
  messageShape,
  propertiesOf,
} from './schema.js';

/** @returns {object} the uiSchema with our controls */
export function withControls(schema, uiSchema = {}) {
  const ui = { ...hint(schema), ...uiSchema, ...control(schema, uiSchema) };
  for (const [name, property] of Object.entries(propertiesOf(schema))) {
    ui[name] = withControls(property, uiSchema[name]);
  }
  if (schema.items) {
    ui.items = withControls(schema.items, uiSchema.items);
  }
  return ui;
}

/** A default that is not filled in is shown as the placeholder. */
function hint(schema) {
  const value = schema['x-default'];
  return value === undefined ? {} : { 'ui:placeholder': `default: ${value}` };
}

function control(schema, uiSchema) {
  const placeholder = uiSchema['ui:placeholder'];
  if (isFile(schema)) return { 'ui:field': 'fileEntry' };
  if (isFileList(schema)) return { 'ui:field': 'fileEntries' };
  if (isTextList(schema)) return { 'ui:field': 'textList' };
  if (isChoiceList(schema)) return { 'ui:widget': 'checkboxes' };
  if (isMap(schema)) return { 'ui:field': 'map' };
  if (messageShape(schema)) return { 'ui:field': 'messages' };
  if (schema['x-secret']) return {};
  if (isJsonText(schema, placeholder)) return { 'ui:widget': 'json' };
  if (hasManyChoices(schema)) return { 'ui:widget': 'suggestions' };
  if (hasSuggestions(schema)) return { 'ui:widget': 'suggestions' };
  if (isLongText(schema)) return { 'ui:widget': 'textarea' };
  return {};
}
