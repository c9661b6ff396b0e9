// Ranks entries by a search: all of its words must occur, at best where a title begins.

/**
 * @param {{title: string, name?: string, note?: string, kind: string}[]} entries in their usual order
 * @param {string} search
 */
export function ranked(entries, search) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return entries
    .map((entry) => ({ entry, score: scoreOf(entry, words) }))
    .filter(({ score }) => score > 0)
    .toSorted((one, other) => other.score - one.score)
    .map(({ entry }) => entry);
}

function scoreOf({ title, name: id = '', note = '', kind }, words) {
  const name = title.toLowerCase();
  const rest = `${id} ${note} ${kind}`.toLowerCase();
  let score = 1;
  for (const word of words) {
    if (name.startsWith(word)) {
      score += 8;
    } else if (name.includes(` ${word}`)) {
      score += 5;
    } else if (name.includes(word)) {
      score += 3;
    } else if (rest.includes(word)) {
      score += 1;
    } else {
      return 0;
    }
  }
  return score;
}
