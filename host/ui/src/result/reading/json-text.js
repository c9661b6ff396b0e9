// Writes a value as JSON text.

/** Indented; the text itself if a value is text. */
export function jsonText(value) {
  if (typeof value === 'string') {
    return value;
  }
  try {
    return JSON.stringify(value, null, 2) ?? '';
  } catch {
    // It is too deep.
    return String(value);
  }
}

/** One line, shortened. */
export function shortJson(value, length = 80) {
  if (Array.isArray(value)) {
    return value.length === 0 ? '[]' : `[${count(value.length, 'item')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const names = Object.keys(value);
    return names.length === 0 ? '{}' : `{${shortened(names.join(', '), length)}}`;
  }
  return shortened(JSON.stringify(value) ?? '', length);
}

export const shortened = (text, length) =>
  text.length > length ? `${text.slice(0, length)}…` : text;

export const count = (number, noun) =>
  `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
