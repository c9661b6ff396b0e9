// Classifies the properties of a form's schema, as the host renders it, to select
// the page's own controls.

/** The properties of an object, including conditional ones. */
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

/** An object whose keys the user chooses, such as a map of weights. */
export const isMap = (schema) =>
  schema.type === 'object' && !schema.properties && Boolean(schema.additionalProperties);

/** A string with suggestions or dynamic options. */
export const hasSuggestions = (schema) =>
  !schema.oneOf &&
  Boolean(schema['x-options-source'] || schema['x-choices'] || schema.examples) &&
  [schema.type].flat().includes('string');

/** A closed list of choices that is too long to find one by looking. */
export const hasManyChoices = (schema) => schema.type !== 'array' && schema.oneOf?.length > 10;

/** Whether a property accepts several types, so that the user may enter JSON. */
export const takesJson = (schema) => Array.isArray(schema.type) && schema.type.includes('object');

/**
 * A string that contains JSON. If neither media type nor control shows that, the
 * placeholder may.
 */
export const isJsonText = (schema, placeholder) =>
  schema.type === 'string' &&
  (JSON_MEDIA.test(schema.contentMediaType ?? '') ||
    (schema['x-control-type'] === 'TEXT_AREA' && /^[{[]/.test(placeholder ?? '')));

/** A string that contains a JSON Schema. */
export const isSchemaText = (schema, placeholder) =>
  schema.contentMediaType === 'application/schema+json' || /^{\s*"type"/.test(placeholder ?? '');

const JSON_MEDIA = /[/+]json$/;

/** A string that is likely to be long, even if its control has a single line. */
export const isLongText = (schema) => schema.type === 'string' && (schema.maxLength ?? 0) > 500;

/**
 * The structure of a list of messages: the member that contains the text, the others
 * (a role, a weight), which are short, and the advanced ones. Undefined for other
 * properties.
 *
 * @returns {{text: string, others: string[], advanced: string[]} | undefined}
 */
export function messageShape(schema) {
  if (schema.type !== 'array' || schema.items?.type !== 'object') {
    return undefined;
  }
  const all = Object.entries(propertiesOf(schema.items));
  const members = all.filter(([, member]) => !member['x-advanced']);
  if (members.some(([, member]) => member['x-condition'])) {
    return undefined;
  }
  const texts = members.filter(([, member]) => member.type === 'string' && !member.oneOf);
  const isShort = ([, member]) => member.oneOf || ['number', 'integer'].includes(member.type);
  if (texts.length !== 1 || !members.every((member) => member === texts[0] || isShort(member))) {
    return undefined;
  }
  const [[text]] = texts;
  return {
    text,
    others: members.map(([name]) => name).filter((name) => name !== text),
    advanced: all.filter(([, member]) => member['x-advanced']).map(([name]) => name),
  };
}

/**
 * The choices listed in a schema.
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

/** The names of an object's secret properties. */
export function secretNames(schema) {
  const isSecret = ([, property]) => property['x-secret'];
  return Object.entries(propertiesOf(schema)).filter(isSecret).map(([name]) => name);
}

/** Removes secrets from a value, because the browser must not store them. */
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

/** Puts back the secrets that `withoutSecrets` removed from a value. */
export function withSecretsOf(schema, value, before) {
  if (schema?.['x-secret']) {
    return before;
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => withSecretsOf(schema?.items, item, before?.[index]));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const properties = propertiesOf(schema ?? {});
  const secrets = Object.keys(properties).filter((name) => properties[name]['x-secret']);
  const names = new Set([...Object.keys(value), ...secrets]);
  const members = [...names].map((name) => [
    name,
    withSecretsOf(properties[name], value[name], before?.[name]),
  ]);
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}

/** The secret strings in a value. */
export function secretsIn(schema, value, isSecret = false) {
  if (typeof value === 'string') {
    return (isSecret || schema?.['x-secret']) && value !== '' ? [value] : [];
  }
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const properties = propertiesOf(schema ?? {});
  return Object.entries(value).flatMap(([name, member]) => {
    const inner = Array.isArray(value) ? schema?.items : properties[name];
    return secretsIn(inner, member, isSecret || schema?.['x-secret']);
  });
}
