// What a field of a dialog holds: `{ type, value }`, where the type is one of
// Node-RED's (`msg`, `jsonata` …) or a literal one of this package. The editor
// and the runtime share it.

/** Whether runs need a connection: not where nothing authorizes. */
export const needsConnection = ({ authorizations }) =>
  authorizations.some(({ scheme }) => scheme.kind !== 'none');

/** A property whose value is chosen from a list that is complete. */
export const isClosed = ({ choices, type }) => type === 'BOOLEAN' || choices?.open === false;

/**
 * The literal types that a property can have, the first one being usual.
 *
 * `list`, `members` and `map` hold fields again; `path` is a file's; `choice` and
 * `choices` hold what `choiceKey` says.
 */
export function literalTypes(property) {
  const { type, control, choices, children = [], values, secret } = property;
  if (secret) {
    // It would be in the flow's file.
    return [];
  }
  if (isClosed(property)) {
    return type === 'ARRAY' ? ['choices'] : ['choice'];
  }
  switch (type) {
    case 'STRING':
      if (choices) {
        return ['str'];
      }
      if (control === 'JSON_SCHEMA_BUILDER') {
        return ['json', 'text'];
      }
      return LONG.includes(control) ? ['text', 'str', 'json'] : ['str', 'text'];
    case 'INTEGER':
    case 'NUMBER':
      return ['num'];
    case 'ARRAY':
      return children.length === 0 ? ['json'] : ['list', 'json'];
    case 'OBJECT':
      if (values) {
        return ['map', 'json'];
      }
      return children.length === 0 ? ['json'] : ['members', 'json'];
    case 'FILE_ENTRY':
      return ['path'];
    case 'ANY':
      return ['str', 'num', 'bool', 'json'];
    default:
      return ['str'];
  }
}

const LONG = ['TEXT_AREA', 'RICH_TEXT', 'CODE_EDITOR'];

const LITERAL = ['str', 'text', 'num', 'bool', 'json', 'choice', 'choices'];

/** Whether `literal` knows what a field of this type holds. */
export const isLiteral = (type) => LITERAL.includes(type);

/** The choices of a property, known when the connector was built. */
export const choicesOf = ({ type, choices }) =>
  type === 'BOOLEAN' ? BOTH : (choices?.known ?? []);

const BOTH = [
  { label: 'true', value: true },
  { label: 'false', value: false },
];

/** A choice's value as text. */
export const choiceKey = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/**
 * The value of a literal field; undefined if it is not set.
 *
 * @throws {SyntaxError} if it should be JSON and is none
 */
export function literal(property, { type, value }) {
  if (value === '' || value === undefined) {
    return undefined;
  }
  switch (type) {
    case 'num': {
      const number = Number(value);
      // What is written in another way, or is no number, is the host's to read.
      return Number.isFinite(number) && String(number) === value ? number : value;
    }
    case 'bool':
      return value === true || value === 'true';
    case 'json': {
      const parsed = JSON.parse(value);
      return property.type === 'STRING' && typeof parsed !== 'string' ? value : parsed;
    }
    case 'choice':
      return chosen(property, value);
    case 'choices':
      return value.split(',').map((key) => chosen(property, key));
    default:
      return value;
  }
}

/** A value that is not among the choices is for the host to refuse. */
function chosen(property, key) {
  const choice = choicesOf(property).find(({ value }) => choiceKey(value) === key);
  return choice ? choice.value : key;
}

/**
 * The names of the properties that count, as far as can be told beforehand: a
 * field that a message decides may have any value.
 */
export function shownNames(properties, fields) {
  const shown = new Set();
  const named = (name) => properties.find((property) => property.name === name);
  const isShown = ({ condition }, depth = 0) => {
    if (!condition || properties.length < depth) {
      return true;
    }
    const other = named(condition.property);
    // What is hidden is not there.
    const isThere = other && isShown(other, depth + 1);
    return holds(condition, isThere ? settled(other, fields[other.name]) : undefined);
  };
  for (const property of properties) {
    if (isShown(property)) {
      shown.add(property.name);
    }
  }
  return shown;
}

/** Some value, but not one that is known. */
const SOME = Symbol('some');

function settled(property, field) {
  if (!field) {
    return property.default;
  }
  if (!isLiteral(field.type)) {
    return field.value === '' || field.value?.length === 0 ? property.default : SOME;
  }
  try {
    return literal(property, field) ?? property.default;
  } catch {
    return SOME;
  }
}

function holds({ matches, values }, value) {
  const isListed = () => values.some((one) => JSON.stringify(one) === JSON.stringify(value));
  switch (matches) {
    case 'one-of':
      return value === SOME || isListed();
    case 'none-of':
      return value === SOME || (value !== undefined && !isListed());
    case 'present':
      return value !== undefined;
    default:
      return value === undefined;
  }
}

/** What is missing in the fields, as the sentence that the editor shows; else undefined. */
export function missing(properties, fields) {
  const shown = shownNames(properties, fields);
  for (const property of properties.filter(({ name }) => shown.has(name))) {
    const field = fields[property.name];
    if (property.required && property.default === undefined && isEmpty(field)) {
      return `${property.label} is missing`;
    }
    for (const inner of field ? inside(property, field) : []) {
      const found = missing(inner.properties, inner.fields);
      if (found) {
        return `${property.label}: ${found}`;
      }
    }
  }
  return undefined;
}

const isEmpty = (field) => !field || field.value === '' || field.value?.length === 0;

/** The objects inside a field. */
function inside({ children = [] }, { type, value }) {
  if (type === 'members') {
    return [{ properties: children, fields: value }];
  }
  return type === 'list'
    ? value
        .filter((one) => one.type === 'members')
        .map((one) => ({ properties: children[0].children, fields: one.value }))
    : [];
}

/** What a new node's fields are: what must be given, from the message where it can be. */
export function firstFields(properties) {
  const payload = [{ type: 'msg', value: 'payload' }];
  return firstMembers(properties, () => payload.pop());
}

/** What a new item of a list is. */
export const firstItem = (item) => first(item, () => undefined);

function firstMembers(properties, take) {
  const fields = properties
    .filter((property) => property.required && property.default === undefined)
    .map((property) => [property.name, first(property, take)]);
  return Object.fromEntries(fields.filter(([, field]) => field));
}

/** @param {() => object | undefined} take the field that takes the message's payload, once */
function first(property, take) {
  const [type] = literalTypes(property);
  const { children = [], choices } = property;
  switch (type) {
    case 'list': {
      const item = first(children[0], take);
      return item && { type, value: [item] };
    }
    case 'members':
      return { type, value: firstMembers(children, take) };
    case 'choice':
      return { type, value: usualChoice(property) };
    default: {
      const isOpen = ['STRING', 'FILE_ENTRY'].includes(property.type) && !choices;
      return isOpen ? take() : undefined;
    }
  }
}

/** In conversations it is the user who speaks. */
function usualChoice(property) {
  const keys = choicesOf(property).map(({ value }) => choiceKey(value));
  return keys.includes('user') ? 'user' : (keys[0] ?? '');
}
