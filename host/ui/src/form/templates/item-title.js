// The title of a list's item: its first text or, while that is empty, its row's label
// with a number.

const MAX_LENGTH = 60;

export function itemTitle(schema, item, index) {
  const text = firstText(schema, item);
  if (text) {
    return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  }
  return `${schema.title || 'Item'} ${index + 1}`;
}

function firstText(schema, item) {
  if (typeof item !== 'object' || item === null) {
    return typeof item === 'string' && !schema['x-secret'] ? item.trim() : undefined;
  }
  const isSecret = (name) => schema.properties?.[name]?.['x-secret'];
  const texts = Object.entries(item).filter(
    ([name, value]) => typeof value === 'string' && !isSecret(name),
  );
  return texts.map(([, value]) => value.trim()).find((value) => value !== '');
}
