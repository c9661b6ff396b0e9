// Reads connection values from pasted text: a key alone, or lines such as
// `OPENAI_API_KEY=sk-…`, with or without `export`.

/**
 * @param {string} text
 * @param {{property: string, name: string}[]} environment the connector's own names
 * @param {object} properties of the connection, by name
 * @returns {object | undefined} undefined if the text has no such lines
 */
export function readSettings(text, environment, properties) {
  const values = {};
  for (const line of text.split('\n')) {
    const [, name, raw] =
      /^\s*(?:export\s+|set\s+|\$env:)?([A-Za-z_][\w-]*)\s*[=:]\s*(.+?)\s*;?\s*$/.exec(line) ?? [];
    const property = name && propertyOf(name, environment, properties);
    if (property) {
      values[property] = raw.replace(/^(["'])(.*)\1,?$/, '$2');
    }
  }
  return Object.keys(values).length > 0 ? values : undefined;
}

function propertyOf(name, environment, properties) {
  const bound = environment.find((binding) => binding.name === name.toUpperCase());
  return bound?.property ?? Object.keys(properties).find((property) => same(property, name));
}

const same = (one, other) => plain(one) === plain(other);

const plain = (name) => name.toLowerCase().replace(/[_-]/g, '');
