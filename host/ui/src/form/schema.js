// Questions to a form's schema, as the host renders it: which property is
// what. The page's own controls are chosen by the answers.

/** The properties at a level, those with a condition included. */
export function propertiesOf(schema) {
  const conditional = (schema.allOf ?? []).map((rule) => rule.then?.properties);
  return Object.assign({}, schema.properties, ...conditional);
}

export const isFile = (schema) => schema?.['x-type'] === 'FILE_ENTRY';

export const isFileList = (schema) => schema.type === 'array' && isFile(schema.items);

export const isTextList = (schema) =>
  schema.type === 'array' && schema.items?.type === 'string' && !schema.items.oneOf;

export const isChoiceList = (schema) =>
  schema.type === 'array' && Boolean(schema.uniqueItems && schema.items?.oneOf);

/** An object with keys of the user's own, such as a map of weights. */
export const isMap = (schema) =>
  schema.type === 'object' && !schema.properties && Boolean(schema.additionalProperties);

/** A text with suggestions, or whose choices the connector is asked for. */
export const hasSuggestions = (schema) =>
  !schema.oneOf &&
  Boolean(schema['x-options-source'] || schema['x-choices'] || schema.examples) &&
  [schema.type].flat().includes('string');

/** Several types: what is typed may be JSON. */
export const takesJson = (schema) => Array.isArray(schema.type) && schema.type.includes('object');

/**
 * A text that is JSON. Not every table says so by its control; then the
 * example in the empty box tells.
 */
export const isJsonText = (schema, placeholder) =>
  schema.type === 'string' &&
  (JSON_MEDIA.test(schema.contentMediaType ?? '') ||
    (schema['x-control-type'] === 'TEXT_AREA' && /^[{[]/.test(placeholder ?? '')));

/** JSON text that is itself a JSON Schema. */
export const isSchemaText = (schema, placeholder) =>
  schema.contentMediaType === 'application/schema+json' || /^{\s*"type"/.test(placeholder ?? '');

const JSON_MEDIA = /[/+]json$/;

/** A text that is likely to be long, though its control is one line. */
export const isLongText = (schema) => schema.type === 'string' && 500 < (schema.maxLength ?? 0);

/**
 * How a list of messages is made up: the member that is the text, and the
 * others (a role, a weight), which are short. Undefined if the list is none.
 *
 * @returns {{text: string, others: string[]} | undefined}
 */
export function messageShape(schema) {
  if (schema.type !== 'array' || schema.items?.type !== 'object' || schema.items.allOf) {
    return undefined;
  }
  const members = Object.entries(schema.items.properties ?? {});
  const texts = members.filter(([, member]) => member.type === 'string' && !member.oneOf);
  const isShort = ([, member]) => member.oneOf || ['number', 'integer'].includes(member.type);
  if (texts.length !== 1 || !members.every((member) => member === texts[0] || isShort(member))) {
    return undefined;
  }
  const [[text]] = texts;
  return { text, others: members.map(([name]) => name).filter((name) => name !== text) };
}

/**
 * Choices that a schema names itself.
 *
 * @returns {{value: unknown, label: string, description?: string}[]}
 */
export function ownChoices(schema) {
  if (schema.oneOf) {
    return schema.oneOf.map(({ const: value, title, description }) => ({
      value,
      label: title ?? String(value),
      description,
    }));
  }
  return (
    schema['x-choices'] ??
    (schema.examples ?? []).map((value) => ({ value, label: String(value) }))
  );
}

/** A value without what is secret, which the browser must not keep. */
export function withoutSecrets(schema, value) {
  if (schema?.['x-secret']) {
    return undefined;
  }
  if (Array.isArray(value)) {
    return value.map((item) => withoutSecrets(schema?.items, item));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const properties = propertiesOf(schema ?? {});
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, withoutSecrets(properties[name], member)]),
  );
}
