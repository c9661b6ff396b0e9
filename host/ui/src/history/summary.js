// A run in a few words: the text that the user entered last.

const MAX_LENGTH = 90;

export function summaryOf(run) {
  const text = mainText(run.input) ?? run.title;
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

/**
 * The last text in a list or, without one, the longest: a setting's is short. A list of
 * messages ends with the newest.
 */
function mainText(value) {
  const values = Object.values(value);
  const nested = values.filter((inner) => typeof inner === 'object' && inner !== null);
  for (const inner of Array.isArray(value) ? nested.toReversed() : nested) {
    const text = mainText(inner);
    if (text) {
      return text;
    }
  }
  const texts = values.filter((inner) => typeof inner === 'string' && inner.trim() !== '');
  return Array.isArray(value)
    ? texts.at(-1)
    : texts.toSorted((one, other) => other.length - one.length)[0];
}
