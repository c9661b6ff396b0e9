// Turns the validator's errors into messages for the fields.

/** Keywords whose errors only report that something below them is wrong. */
const CONTAINERS = new Set([
  'properties',
  'additionalProperties',
  'items',
  'allOf',
  'if',
  'then',
  'else',
  '$ref',
]);

/**
 * @param {object} schema
 * @param {unknown} instance
 * @param {{keyword: string, keywordLocation: string, instanceLocation: string}[]} units
 * @returns {{path: (string | number)[], keyword: string, message: string}[]}
 */
export function fieldErrors(schema, instance, units) {
  const errors = [];
  for (const unit of units) {
    if (CONTAINERS.has(unit.keyword) && unit.keyword !== 'additionalProperties') {
      continue;
    }
    // Errors in the branches of `oneOf` and the like do not help, and keys have no field.
    if (/\/(oneOf|anyOf|not|propertyNames)\//.test(unit.keywordLocation)) {
      continue;
    }
    const path = steps(unit.instanceLocation);
    const limit = at(schema, steps(unit.keywordLocation));
    if (unit.keyword === 'required') {
      const given = at(instance, path) ?? {};
      for (const name of limit.filter((member) => !(member in given))) {
        errors.push({ path: [...path, name], keyword: 'required', message: 'is required' });
      }
      continue;
    }
    // Unless the keyword is `false`, an error from its schema reports the same.
    if (unit.keyword === 'additionalProperties' && limit !== false) {
      continue;
    }
    errors.push({ path, keyword: unit.keyword, message: describe(unit.keyword, limit) });
  }
  const seen = new Set();
  return errors.filter(({ path, message }) => {
    const key = JSON.stringify([path, message]);
    return !seen.has(key) && seen.add(key);
  });
}

function describe(keyword, limit) {
  switch (keyword) {
    case 'type':
      return `must be ${[limit].flat().map((type) => TYPES[type] ?? type).join(' or ')}`;
    case 'minimum':
      return `must be at least ${limit}`;
    case 'maximum':
      return `must be at most ${limit}`;
    case 'minLength':
      return limit === 1 ? 'must not be empty' : `must have at least ${limit} characters`;
    case 'maxLength':
      return `must have at most ${limit} characters`;
    case 'minItems':
    case 'minProperties':
      return `must have at least ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
    case 'maxItems':
    case 'maxProperties':
      return `must have at most ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
    case 'uniqueItems':
      return 'must not contain duplicate entries';
    case 'oneOf':
    case 'anyOf':
    case 'enum':
      return 'must be one of the choices';
    case 'pattern':
      return `must match ${limit}`;
    case 'propertyNames':
      return limit.pattern ? `keys must match ${limit.pattern}` : 'contains a key that is not allowed';
    case 'format':
      return `must be a valid ${limit}`;
    case 'additionalProperties':
      return 'contains an unknown property';
    default:
      return 'is not allowed';
  }
}

const TYPES = {
  integer: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'yes or no',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

/** Splits a JSON pointer in a URI fragment into its steps. */
function steps(pointer) {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'));
}

function at(value, path) {
  return path.reduce((inner, step) => inner?.[step], value);
}
