// What is wrong with the input's JSON, and where: first its syntax, then whether it
// matches the schema.

import { propertiesOf, withSecretsOf } from '../form/schema.js';
import { mistakesIn } from '../form/validator.js';
import { outline } from './outline.js';

const MAX_SHOWN = 20;

/**
 * @param {object} schema
 * @param {string} text
 * @param {object} input whose secrets are not in the text
 * @returns {{value?: object, problems: {from: number, line: number, message: string}[]}}
 *   without a value if the text is not a JSON object
 */
export function check(schema, text, input) {
  const { nodes, problem } = outline(text);
  const at = (from, message) => ({ from, line: text.slice(0, from).split('\n').length, message });
  if (problem) {
    return { problems: [at(problem.from, problem.message)] };
  }
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return { problems: [at(0, 'not valid JSON')] };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { problems: [at(0, 'the input must be an object')] };
  }
  const problems = mistakesIn(schema, withSecretsOf(schema, value, input)).map(
    ({ path, message }) => {
      const name = pathText(path);
      return at(placeOf(nodes, path), name ? `\`${name}\` ${message}` : message);
    },
  );
  // The host refuses these, but a schema with conditions cannot.
  const unknown = Object.keys(value)
    .filter((name) => !Object.hasOwn(propertiesOf(schema), name))
    .map((name) => at(placeOf(nodes, [name]), `\`${name}\` is not a field of this action`));
  const all = [...problems, ...unknown].toSorted((one, other) => one.from - other.from);
  return { value, problems: all.slice(0, MAX_SHOWN) };
}

/** The position of a value or, if it is missing, of what should contain it. */
function placeOf(nodes, path) {
  for (let length = path.length; length >= 0; length -= 1) {
    const wanted = path.slice(0, length).map(String).join('\n');
    const node = nodes.find((other) => other.path.map(String).join('\n') === wanted);
    if (node) {
      return node.from;
    }
  }
  return 0;
}

function pathText(path) {
  return path
    .map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}
