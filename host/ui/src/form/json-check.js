// Checks whether text is JSON and, if required, a JSON Schema.

import { Validator } from '@cfworker/json-schema';

/**
 * @param {string} text
 * @param {boolean} isSchema
 * @returns {{value?: unknown, message?: string}} with a message if something is wrong
 */
export function checkJson(text, isSchema) {
  if (text.trim() === '') {
    return {};
  }
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { message: withPosition(text, error.message) };
  }
  return { value, message: isSchema ? schemaError(value) : undefined };
}

/** Adds the line and column to a parser's message, whose format depends on the engine. */
function withPosition(text, message) {
  const position = /at position (\d+)/.exec(message);
  const what = message.split(/,? ?(?:\(|in JSON|at (?:position|line)|")/)[0];
  if (!position) {
    return `Not JSON: ${message}`;
  }
  const lines = text.slice(0, Number(position[1])).split('\n');
  return `Line ${lines.length}, column ${lines.at(-1).length + 1}: ${what.trim() || 'not JSON'}`;
}

function schemaError(schema) {
  const isObject = typeof schema === 'object' && schema !== null && !Array.isArray(schema);
  if (!isObject) {
    return 'A JSON Schema must be an object';
  }
  const { errors } = new Validator(META, '7').validate(schema);
  // The deepest error is closest to the mistake.
  const [deepest] = errors.toSorted((one, other) => depth(other) - depth(one));
  if (!deepest) {
    return undefined;
  }
  const place = deepest.instanceLocation.slice(2).replaceAll('/', '.');
  const types = META.definitions.type.enum.join(', ');
  const what = /(^|\.)type(\.\d+)?$/.test(place) ? `must be one of ${types}` : 'is malformed';
  return `Not a JSON Schema: ${place || 'the schema'} ${what}`;
}

const depth = ({ instanceLocation }) => instanceLocation.split('/').length;

/** A short version of JSON Schema's meta-schema, which detects the most common mistakes. */
const META = {
  $id: 'schema',
  type: ['object', 'boolean'],
  properties: {
    type: {
      anyOf: [{ $ref: '#/definitions/type' }, { type: 'array', items: { $ref: '#/definitions/type' } }],
    },
    properties: { type: 'object', additionalProperties: { $ref: '#' } },
    $defs: { type: 'object', additionalProperties: { $ref: '#' } },
    definitions: { type: 'object', additionalProperties: { $ref: '#' } },
    items: { anyOf: [{ $ref: '#' }, { type: 'array', items: { $ref: '#' } }] },
    additionalProperties: { $ref: '#' },
    required: { type: 'array', items: { type: 'string' } },
    enum: { type: 'array' },
    title: { type: 'string' },
    description: { type: 'string' },
    pattern: { type: 'string' },
    minimum: { type: 'number' },
    maximum: { type: 'number' },
    minLength: { type: 'integer', minimum: 0 },
    maxLength: { type: 'integer', minimum: 0 },
    minItems: { type: 'integer', minimum: 0 },
    maxItems: { type: 'integer', minimum: 0 },
    allOf: { type: 'array', items: { $ref: '#' } },
    anyOf: { type: 'array', items: { $ref: '#' } },
    oneOf: { type: 'array', items: { $ref: '#' } },
    not: { $ref: '#' },
  },
  definitions: {
    type: { enum: ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'] },
  },
};
