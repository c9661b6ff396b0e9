// Reads a list of objects as a table.

import { labelOf } from '../../parts/format.js';
import { isObject, itemOf, memberOf } from './shape.js';

/**
 * @typedef {object} Table
 * @property {string} [name] of the member that is the list
 * @property {{name: string, label: string, display?: string}[]} columns
 * @property {object[]} rows
 * @property {{label: string, value: unknown, display?: string}[]} facts the other members
 */

/**
 * Finds the list of objects that a value is, or that it consists of apart from simple
 * members, such as a total.
 *
 * @param {unknown} value
 * @param {import('./shape.js').Shape} [shape]
 * @returns {Table | undefined}
 */
export function tableIn(value, shape) {
  if (isList(value)) {
    return tableOf(value, shape);
  }
  if (!isObject(value)) {
    return undefined;
  }
  const members = Object.entries(value);
  const [list, another] = members.filter(
    ([, member]) => typeof member === 'object' && member !== null,
  );
  if (!list || another || !isList(list[1])) {
    return undefined;
  }
  const facts = members
    .filter((member) => member[0] !== list[0])
    .map(([name, fact]) => ({ ...columnOf(shape, name), value: fact }));
  const table = tableOf(list[1], memberOf(shape, list[0]));
  return table && { ...table, name: list[0], facts };
}

const isList = (value) => Array.isArray(value) && value.length > 0 && value.every(isObject);

function tableOf(rows, shape) {
  // The declared columns come first, in their order.
  const declared = itemOf(shape)?.children ?? [];
  const names = new Set(declared.map(({ name }) => name));
  rows.slice(0, 500).forEach((row) => Object.keys(row).forEach((name) => names.add(name)));
  const columns = [...names]
    .filter((name) => rows.some((row) => hasValue(row[name])))
    .slice(0, MAX_COLUMNS)
    .map((name) => columnOf(itemOf(shape), name));
  return columns.length > 0 ? { columns, rows, facts: [] } : undefined;
}

function columnOf(shape, name) {
  const member = memberOf(shape, name);
  return { name, label: member?.label || labelOf(name), display: member?.display };
}

const hasValue = (value) => value !== undefined && value !== null && value !== '';

/** A table with more columns cannot be read; the tree has them all. */
const MAX_COLUMNS = 40;
