// Secrets never leave the page: code refers to environment variables instead.

/** Replaces secrets with shell variables. */
export function masked(values, secrets) {
  const entries = Object.entries(values ?? {}).map(([name, value]) => [
    name,
    secrets.includes(name) ? `$${variable(name)}` : value,
  ]);
  return Object.fromEntries(entries);
}

/** `apiKey` becomes `API_KEY`. */
export const variable = (name) => name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();
