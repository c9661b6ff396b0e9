// The files anywhere in a value, and what the value says about each of them.

import { isFileEntry } from '../../api/files.js';
import { isObject, itemOf, memberOf } from './shape.js';

/** Collects the files anywhere in a value, without duplicates. */
export function filesIn(value) {
  const files = new Map();
  for (const inner of objectsIn(value)) {
    if (isFileEntry(inner)) {
      files.set(inner.url, inner);
    }
  }
  return [...files.values()];
}

/**
 * Finds the texts that describe files, such as a revised prompt: they are in other
 * objects with the same `url`, or in a list next to that of the files.
 *
 * @param {object[]} files
 * @param {unknown} output
 * @param {import('./shape.js').Shape} [shape] of the output
 * @returns {Map<string, [string, string][]>} names and texts by the file's URL
 */
export function notesOn(files, output, shape) {
  const notes = new Map(files.map(({ url }) => [url, []]));
  const add = (url, described) => {
    const known = notes.get(url);
    for (const [name, text] of known ? Object.entries(described) : []) {
      const isNote = typeof text === 'string' && text !== '' && text.length <= MAX_NOTE;
      if (isNote && name !== 'url' && !known.some(([other]) => other === name)) {
        known.push([name, text]);
      }
    }
  };
  for (const inner of objectsIn(output)) {
    if (isObject(inner) && !isFileEntry(inner) && typeof inner.url === 'string') {
      add(inner.url, inner);
    }
  }
  const [list, described] = parallel(output, shape);
  described?.forEach((one, index) => add(list[index].url, one));
  return notes;
}

/** A list of files, and the only other list of as many objects, if there is one. */
function parallel(output, shape) {
  if (!isObject(output)) {
    return [];
  }
  const lists = Object.entries(output).filter(
    ([name, list]) =>
      Array.isArray(list) &&
      list.length > 0 &&
      list.every(isObject) &&
      itemOf(memberOf(shape, name))?.display !== 'citation',
  );
  const [, files] = lists.find(([, list]) => list.every(isFileEntry)) ?? [];
  const others = lists.filter(([, list]) => list !== files && list.length === files?.length);
  return others.length === 1 ? [files, others[0][1]] : [];
}

/** Longer texts are content, such as base64. */
const MAX_NOTE = 4000;

/**
 * All objects and arrays in a value, in its order. Not recursive, because a value may
 * be deep.
 */
function* objectsIn(value) {
  const waiting = [value];
  while (waiting.length > 0) {
    const inner = waiting.pop();
    if (typeof inner === 'object' && inner !== null) {
      yield inner;
      const members = Object.values(inner);
      for (let index = members.length - 1; index >= 0; index -= 1) {
        waiting.push(members[index]);
      }
    }
  }
}
