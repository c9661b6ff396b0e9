// Fits a value from elsewhere (a link, pasted text, an old draft) to a form's schema.
// The form's controls rely on the shape of their values.

import { isFile, propertiesOf } from './schema.js';
import { isFileEntry } from '../api/files.js';

/**
 * @param {object} schema
 * @param {unknown} value
 * @returns {{value: object, dropped: string[]}} what fits, and the paths of the rest
 */
export function fitted(schema, value) {
  const dropped = [];
  const result = fit(schema, value, '', dropped);
  return { value: isObject(result) ? result : {}, dropped };
}

function fit(schema, value, path, dropped) {
  const types = [schema.type ?? []].flat();
  const takes = (type) => types.length === 0 || types.includes(type);
  const drop = () => {
    dropped.push(path || 'input');
    return undefined;
  };
  if (value === undefined || value === null) {
    return types.includes('null') ? value : undefined;
  }
  if (types.length !== 1) {
    return types.length === 0 || takes(typeOf(value)) ? value : drop();
  }
  if (Array.isArray(value)) {
    return takes('array') ? fitItems(schema, value, path, dropped) : drop();
  }
  if (isObject(value)) {
    return takes('object') ? fitMembers(schema, value, path, dropped) : drop();
  }
  if (takes('array') && schema.items) {
    // A single value is accepted as a list of one, as by the command.
    const item = fit(schema.items, value, path, dropped);
    return item === undefined ? undefined : [item];
  }
  if (takes('object')) {
    return drop();
  }
  return takes('string') ? String(value) : value;
}

function fitItems(schema, items, path, dropped) {
  const inner = schema.items ?? {};
  return items
    .map((item, index) => fit(inner, item, `${path}[${index}]`, dropped))
    .filter((item) => item !== undefined);
}

function fitMembers(schema, value, path, dropped) {
  if (isFile(schema)) {
    if (isFileEntry(value)) {
      return value;
    }
    dropped.push(path);
    return undefined;
  }
  const properties = propertiesOf(schema);
  const isOpen = Object.keys(properties).length === 0;
  const others = schema.additionalProperties ?? isOpen;
  const entries = Object.entries(value).map(([name, member]) => {
    const inner = path ? `${path}.${name}` : name;
    const known = Object.hasOwn(properties, name) ? properties[name] : isObject(others) && others;
    if (!known && others !== true) {
      dropped.push(inner);
      return [name, undefined];
    }
    return [name, known ? fit(known, member, inner, dropped) : member];
  });
  return Object.fromEntries(entries.filter(([, member]) => member !== undefined));
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

function typeOf(value) {
  if (Array.isArray(value)) {
    return 'array';
  }
  return Number.isInteger(value) ? 'number' : typeof value;
}
