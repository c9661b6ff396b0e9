// Reads a list of objects as a table.

import { labelOf } from '../../parts/format.js';
import { isObject, itemOf, memberOf } from './shape.js';

/**
 * @typedef {{name: string, label: string, display?: string}} Column
 * @typedef {{path: (string | number)[], columns: Column[], rows: object[]}} Table
 */

/**
 * Finds the list of objects that a value is, or that is its only one.
 *
 * @param {unknown} value
 * @param {import('./shape.js').Shape} [shape]
 * @returns {Table | undefined}
 */
export function tableIn(value, shape) {
  if (isList(value)) {
    return tableOf(value, shape, []);
  }
  if (!isObject(value)) {
    return undefined;
  }
  const lists = Object.entries(value).filter(([, member]) => isList(member));
  if (lists.length !== 1) {
    return undefined;
  }
  const [[name, list]] = lists;
  return tableOf(list, memberOf(shape, name), [name]);
}

const isList = (value) => Array.isArray(value) && value.length > 0 && value.every(isObject);

function tableOf(rows, shape, path) {
  // The declared columns come first, in their order.
  const declared = itemOf(shape)?.children ?? [];
  const names = new Set(declared.map(({ name }) => name));
  rows.slice(0, 500).forEach((row) => Object.keys(row).forEach((name) => names.add(name)));
  const columns = [...names]
    .filter((name) => rows.some((row) => hasValue(row[name])))
    .slice(0, MAX_COLUMNS)
    .map((name) => {
      const column = memberOf(itemOf(shape), name);
      return { name, label: column?.label || labelOf(name), display: column?.display };
    });
  return columns.length > 0 ? { path, columns, rows } : undefined;
}

const hasValue = (value) => value !== undefined && value !== null && value !== '';

/** A table with more columns cannot be read; the tree has them all. */
const MAX_COLUMNS = 40;
