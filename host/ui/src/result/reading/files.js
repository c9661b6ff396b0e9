// The files anywhere in a value, and what the value says about each of them.

import { isFileEntry } from '../../api/files.js';
import { isObject } from './shape.js';

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
 * objects with the same `url`, or at the same positions of another list of the same
 * length.
 *
 * @returns {Map<string, [string, string][]>} names and texts by the file's URL
 */
export function notesOn(files, value) {
  const notes = new Map(files.map(({ url }) => [url, []]));
  const add = (url, described) => {
    for (const [name, text] of Object.entries(described)) {
      const isNote = typeof text === 'string' && text !== '' && text.length <= MAX_NOTE;
      if (isNote && name !== 'url' && !notes.get(url)?.some(([other]) => other === name)) {
        notes.get(url)?.push([name, text]);
      }
    }
  };
  for (const inner of objectsIn(value)) {
    if (isObject(inner) && !isFileEntry(inner) && typeof inner.url === 'string') {
      add(inner.url, inner);
    }
    const lists = Object.values(inner).filter(
      (list) => Array.isArray(list) && list.length > 0 && list.every(isObject),
    );
    const entries = lists.find((list) => list.every(isFileEntry));
    const others = lists.filter((list) => list !== entries && list.length === entries?.length);
    for (const list of others) {
      list.forEach((described, index) => add(entries[index].url, described));
    }
  }
  return notes;
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
