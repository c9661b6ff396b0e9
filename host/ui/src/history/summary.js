// A run in a few words: the first text that the user entered.

const MAX_LENGTH = 90;

export function summaryOf(run) {
  const text = firstText(Object.values(run.input)) ?? run.title;
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

/** The longest texts are most likely to be the user's own: a list's before a setting's. */
function firstText(values) {
  const nested = values.filter((value) => typeof value === 'object' && value !== null);
  for (const value of nested) {
    const inner = firstText(
      Object.values(value).toSorted((one, other) => lengthOf(other) - lengthOf(one)),
    );
    if (inner) {
      return inner;
    }
  }
  return values
    .filter((value) => typeof value === 'string' && value.trim() !== '')
    .toSorted((one, other) => lengthOf(other) - lengthOf(one))[0];
}

const lengthOf = (value) => (typeof value === 'string' ? value.length : 0);
