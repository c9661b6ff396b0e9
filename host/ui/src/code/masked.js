// Keeps secrets out of code snippets, which read environment variables instead.

/** Private-use characters, which do not occur in connections. */
const [OPEN, CLOSE] = ['\uE000', '\uE001'];
const MARK = new RegExp(`"${OPEN}(\\w+)${CLOSE}"`, 'g');

/**
 * Replaces secrets with marks, and drops what is unset.
 *
 * @param {object} values of a connection
 * @param {string[]} secrets the names of secret properties
 * @param {{property: string, name: string}[]} environment
 */
export function masked(values, secrets, environment) {
  const variable = (name) =>
    environment.find(({ property }) => property === name)?.name ?? inCapitals(name);
  const entries = Object.entries(values ?? {})
    .filter(([, value]) => !isEmpty(value))
    .map(([name, value]) => [
      name,
      secrets.includes(name) ? `${OPEN}${variable(name)}${CLOSE}` : value,
    ]);
  return Object.fromEntries(entries);
}

/** Replaces each mark with code that reads the environment variable. */
export const unmasked = (text, read) => text.replaceAll(MARK, (_, name) => read(name));

export const hasMarks = (text) => text.includes(OPEN);

/** `apiKey` becomes `API_KEY`. */
const inCapitals = (name) => name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();

const isEmpty = (value) =>
  value === undefined || (typeof value === 'object' && Object.keys(value ?? {}).length === 0);
