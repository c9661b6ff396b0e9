// Where a text or a file fits: the properties of all actions that take one.

import { parsePath } from '../form/property-path.js';
import { actionsOf, descriptorOf } from '../state/catalog.js';

/**
 * @typedef {object} Target
 * @property {string} address of the action
 * @property {string} title of the action
 * @property {string} connector its title
 * @property {string} property its name
 * @property {string} label of the property
 * @param {object[]} components
 * @returns {Promise<{text: Target[], file: (Target & {accept?: string[]})[]}>}
 */
export async function findTargets(components) {
  const loaded = await Promise.allSettled(components.map(({ address }) => descriptorOf(address)));
  const text = [];
  const file = [];
  for (const { component, action } of actionsOf(components)) {
    const descriptor = loaded[components.indexOf(component)].value;
    const details = descriptor?.actions.find(({ name }) => name === action.name);
    const of = (property, label) => ({
      address: action.address,
      title: action.title,
      connector: component.title,
      property,
      label,
    });
    const properties = details?.properties ?? [];
    if (details?.textProperty) {
      const [name] = parsePath(details.textProperty);
      const row = properties.find((other) => other.name === name);
      text.push({ ...of(details.textProperty, row?.label ?? name) });
    }
    for (const row of properties) {
      const inner = row.type === 'ARRAY' ? row.children?.[0] : row;
      if (inner?.type === 'FILE_ENTRY') {
        file.push({
          ...of(row.name, row.label),
          accept: inner.limits?.accept,
          isList: inner !== row,
        });
      }
    }
  }
  return { text, file };
}

/** Whether a file's name ends with one of the extensions that a property accepts. */
export function accepts({ accept }, file) {
  const extension = (file.name ?? file.url).split('.').at(-1).toLowerCase();
  return !accept || accept.length === 0 || accept.includes(extension);
}
