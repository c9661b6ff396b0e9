// Links to an action with its input: `#openai/v1/ask?input={…}`. They are in the URL's
// fragment, which is never sent to a server, and never contain secrets.

/** Longer inputs are left out: programs that pass on links cut off very long ones. */
export const MAX_LENGTH = 16_000;

/**
 * @typedef {object} Link
 * @property {string} address such as `openai/v1/ask`; empty if there is none
 * @property {object} [input]
 * @property {boolean} [isOwn] whether the page wrote it to the address bar
 * @property {boolean} [isBroken] whether the link has an input that cannot be read
 */

/** @returns {Link} */
export function readLink(hash) {
  const [, address, query] = /^#?([^?]*)\??(.*)$/s.exec(hash);
  return {
    address: decoded(address) ?? address,
    ...readInput(new URLSearchParams(query).get('input')),
  };
}

/** The fragment of a link, without the input if that is empty or too long. */
export function linkTo(address, input) {
  const plain = `#${encodeURI(address)}`;
  if (Object.keys(input ?? {}).length === 0) {
    return plain;
  }
  const full = `${plain}?input=${encodeURIComponent(JSON.stringify(input))}`;
  return full.length > MAX_LENGTH ? plain : full;
}

function readInput(text) {
  if (text === null) {
    return {};
  }
  try {
    const input = JSON.parse(text);
    const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
    return isObject ? { input } : { isBroken: true };
  } catch {
    return { isBroken: true };
  }
}

function decoded(text) {
  try {
    return decodeURI(text);
  } catch {
    return undefined;
  }
}
