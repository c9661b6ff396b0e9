// Collects the files anywhere in a value, without duplicates.

import { isFileEntry } from '../api/files.js';

export function filesIn(value) {
  const files = new Map();
  const look = (inner) => {
    if (isFileEntry(inner)) {
      files.set(inner.url, inner);
    } else if (typeof inner === 'object' && inner !== null) {
      Object.values(inner).forEach(look);
    }
  };
  look(value);
  return [...files.values()];
}
