// The fields of a dialog, shared by the editor and the runtime. A field is
// `{ type, value }`, with one of Node-RED's types (`msg`, `jsonata` …) or a literal type
// of this package.

/** Whether runs need a connection: true if any authorization uses a credential. */
export const needsConnection = ({ authorizations }) =>
  authorizations.some(({ scheme }) => scheme.kind !== 'none');

/** Whether the value must be one of the listed choices. */
export const isClosed = ({ choices, type }) => type === 'BOOLEAN' || choices?.open === false;

/**
 * The literal types that a property can have, starting with the default.
 *
 * `list`, `members` and `map` contain fields, `path` is the path of a file, and `choice`
 * and `choices` contain keys from `choiceKey`.
 */
export function literalTypes(property) {
  const { type, control, choices, children = [], values, secret } = property;
  if (secret) {
    // A literal would be stored in the flow file.
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

/** Whether `literal` can read a field of this type. */
export const isLiteral = (type) => LITERAL.includes(type);

/** The static choices of a property. */
export const choicesOf = ({ type, choices }) =>
  type === 'BOOLEAN' ? BOTH : (choices?.known ?? []);

const BOTH = [
  { label: 'true', value: true },
  { label: 'false', value: false },
];

/** A choice's value as text. */
export const choiceKey = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/**
 * Returns the value of a literal field; undefined if it is not set.
 *
 * @throws {SyntaxError} if it should be JSON but is not
 */
export function literal(property, { type, value }) {
  if (value === '' || value === undefined) {
    return undefined;
  }
  switch (type) {
    case 'num': {
      const number = Number(value);
      // The host parses other notations, and rejects what is not a number.
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

/** Returns the chosen value. The host rejects a value that is not among the choices. */
function chosen(property, key) {
  const choice = choicesOf(property).find(({ value }) => choiceKey(value) === key);
  return choice ? choice.value : key;
}

/**
 * The names of the properties whose conditions hold, as far as that is known in advance:
 * a field that takes its value from a message may have any value.
 */
export function shownNames(properties, fields) {
  const shown = new Set();
  const named = (name) => properties.find((property) => property.name === name);
  const isShown = ({ condition }, depth = 0) => {
    if (!condition || depth > properties.length) {
      return true;
    }
    const other = named(condition.property);
    // A hidden property counts as absent.
    const isPresent = other && isShown(other, depth + 1);
    return holds(condition, isPresent ? settled(other, fields[other.name]) : undefined);
  };
  for (const property of properties) {
    if (isShown(property)) {
      shown.add(property.name);
    }
  }
  return shown;
}

/** A value that is present but not known in advance. */
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

/** Returns a message for the editor if a required field is missing, otherwise undefined. */
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

/** The fields of a new node: the required ones, taken from the message where possible. */
export function firstFields(properties) {
  const payload = [{ type: 'msg', value: 'payload' }];
  return firstMembers(properties, () => payload.pop());
}

/** The field of a new list item. */
export const firstItem = (item) => first(item, () => undefined);

function firstMembers(properties, take) {
  const fields = properties
    .filter((property) => property.required && property.default === undefined)
    .map((property) => [property.name, first(property, take)]);
  return Object.fromEntries(fields.filter(([, field]) => field));
}

/** @param {() => object | undefined} take returns the field for the message's payload, once */
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

/** In conversations, the default role is `user`. */
function usualChoice(property) {
  const keys = choicesOf(property).map(({ value }) => choiceKey(value));
  return keys.includes('user') ? 'user' : (keys[0] ?? '');
}
