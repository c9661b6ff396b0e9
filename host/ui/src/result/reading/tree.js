// Reads a value as the rows of a tree. Only rows below open ones exist, and of a long
// list only its beginning, because an output may have millions of values.

import { pathText } from './path.js';

/** How many members of an object or array are shown, and added at a time. */
export const PAGE = 100;

/** How many rows are visible at first, unless the outermost value has more. */
const FIRST_ROWS = 40;

/**
 * @typedef {object} Row
 * @property {string} id the path; of a row for more members, that of its parent and `…`
 * @property {number} level from 1
 * @property {string | number} [name]
 * @property {unknown} value
 * @property {boolean} isBranch whether it has members
 * @property {boolean} isOpen
 * @property {number} [more] the number of members that are not shown
 * @property {string} [parent] the id of the row above
 */

/**
 * @param {unknown} value
 * @param {Set<string>} open ids of the rows whose members are shown
 * @param {Map<string, number>} limits how many members, if not `PAGE`
 * @returns {Row[]}
 */
export function rowsOf(value, open, limits) {
  const rows = [];
  const add = (inner, steps, parent) => {
    const limit = limits.get(parent) ?? PAGE;
    const entries = entriesOf(inner);
    for (const [name, member] of entries.slice(0, limit)) {
      const path = [...steps, name];
      const id = pathText(path);
      const isBranch = hasMembers(member);
      const isOpen = isBranch && open.has(id);
      rows.push({ id, level: path.length, name, value: member, isBranch, isOpen, parent });
      if (isOpen) {
        add(member, path, id);
      }
    }
    if (entries.length > limit) {
      const more = entries.length - limit;
      rows.push({
        id: `${parent}…`,
        level: steps.length + 1,
        isBranch: false,
        isOpen: false,
        more,
        parent,
      });
    }
  };
  add(value, [], '');
  return rows;
}

/** The ids of the rows to open at first: level by level, while there is room. */
export function firstOpen(value) {
  const open = new Set();
  let rows = Math.min(size(value), PAGE);
  let level = [[value, []]];
  while (level.length > 0) {
    const next = [];
    for (const [inner, steps] of level) {
      for (const [name, member] of entriesOf(inner).slice(0, PAGE)) {
        const path = [...steps, name];
        // Lists of numbers, such as vectors, say nothing.
        if (
          hasMembers(member) &&
          !isNumbers(member) &&
          rows + Math.min(size(member), PAGE) <= FIRST_ROWS
        ) {
          rows += Math.min(size(member), PAGE);
          open.add(pathText(path));
          next.push([member, path]);
        }
      }
    }
    level = next;
  }
  return open;
}

export const hasMembers = (value) => typeof value === 'object' && value !== null && size(value) > 0;

const size = (value) => (Array.isArray(value) ? value.length : Object.keys(value ?? {}).length);

const isNumbers = (value) =>
  Array.isArray(value) && value.length > 8 && value.every((one) => typeof one === 'number');

const entriesOf = (value) =>
  Array.isArray(value)
    ? value.map((member, index) => [index, member])
    : Object.entries(value ?? {});
