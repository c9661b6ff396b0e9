// What could be typed at a position in the input's JSON: names and values from the
// schema.

import { ownChoices, propertiesOf } from '../form/schema.js';
import { outline } from './outline.js';

const MAX_SHOWN = 40;

/**
 * @typedef {object} Completion
 * @property {string} label
 * @property {string} [detail]
 * @property {string} text to insert
 * @property {number} caret where in the text the caret goes
 * @param {object} schema
 * @param {string} text
 * @param {number} position
 * @returns {{from: number, to: number, items: Completion[]}} what to replace, and with what
 */
export function completionsAt(schema, text, position) {
  const { tokens, nodes, place } = outline(text, position);
  const word = tokens.find(
    ({ kind, from, to }) => kind !== 'punctuation' && from <= position && position <= to,
  );
  const typed = word ? text.slice(word.from, position).replace(/^"/, '').toLowerCase() : '';
  const range = word ? { from: word.from, to: word.to } : { from: position, to: position };
  const rest = text.slice(range.to);
  if (!word && /^[{["]/.test(rest)) {
    // There is a value already, right behind the caret.
    return { ...range, items: [] };
  }
  const items =
    place.state === 'key'
      ? names(schemaAt(schema, place.path), place.path, nodes, rest)
      : place.state === 'value'
        ? values(schemaAt(schema, place.path))
        : [];
  const current = word && text.slice(word.from, word.to);
  const matching = items
    .filter(
      ({ label, text: inserted }) => label.toLowerCase().includes(typed) && inserted !== current,
    )
    .toSorted((one, other) => startsWith(other, typed) - startsWith(one, typed));
  return { ...range, items: matching.slice(0, MAX_SHOWN) };
}

const startsWith = ({ label }, typed) => Number(label.toLowerCase().startsWith(typed));

/** The schema of the value at a path. */
function schemaAt(schema, path) {
  return path.reduce((inner, step) => {
    if (typeof step === 'number') {
      return inner?.items;
    }
    const properties = propertiesOf(inner ?? {});
    const others = inner?.additionalProperties;
    return Object.hasOwn(properties, step)
      ? properties[step]
      : typeof others === 'object'
        ? others
        : undefined;
  }, schema);
}

/** The names that an object does not have yet. */
function names(schema, path, nodes, rest) {
  const parent = JSON.stringify(path);
  const given = new Set(
    nodes
      .filter((node) => JSON.stringify(node.path.slice(0, -1)) === parent && node.path.length > 0)
      .map((node) => node.path.at(-1)),
  );
  const hasValue = /^\s*:/.test(rest);
  return Object.entries(propertiesOf(schema ?? {}))
    .filter(([name, property]) => !given.has(name) && !property['x-secret'])
    .map(([name, property]) => {
      const [before, after] = hasValue ? ['', ''] : skeleton(property);
      const text = `${JSON.stringify(name)}${hasValue ? '' : ': '}${before}${after}`;
      return { label: name, detail: property.title, text, caret: text.length - after.length };
    });
}

/** How a value of this schema begins and ends. */
function skeleton(schema) {
  const hasChoices = schema.oneOf || schema.examples || schema['x-choices'];
  switch ([schema.type].flat()[0]) {
    case 'array':
      return ['[', ']'];
    case 'object':
      return ['{', '}'];
    case 'string':
      return hasChoices ? ['', ''] : ['"', '"'];
    default:
      return ['', ''];
  }
}

function values(schema) {
  if (!schema) {
    return [];
  }
  const types = [schema.type].flat();
  const choices = types.includes('boolean') ? [] : ownChoices(schema);
  const own = choices.map(({ value, label, description }) => {
    const text = JSON.stringify(value);
    return {
      label: typeof value === 'string' ? value : text,
      detail: label === String(value) ? description : label,
      text,
      caret: text.length,
    };
  });
  const others = [
    ...(types.includes('boolean') && !schema.oneOf ? ['true', 'false'] : []),
    ...(own.length === 0 && types.length === 1 ? [skeleton(schema).join('')] : []),
  ].filter((text) => text !== '' && text !== '""');
  return [
    ...own,
    ...others.map((text) => ({ label: text, text, caret: /^[[{]/.test(text) ? 1 : text.length })),
  ];
}
