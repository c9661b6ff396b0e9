// Named characters in Markdown, such as `&nbsp;`. Takes the place of a module of the
// Markdown renderer that lets the browser decode them with `innerHTML`, which the page's
// Trusted Types forbid. A name that is not listed stays as it is written.

const CHARACTERS = {
  amp: '&',
  apos: "'",
  bull: '•',
  cent: '¢',
  check: '✓',
  copy: '©',
  deg: '°',
  divide: '÷',
  emsp: '\u2003',
  ensp: '\u2002',
  euro: '€',
  ge: '≥',
  gt: '>',
  harr: '↔',
  hellip: '…',
  infin: '∞',
  laquo: '«',
  larr: '←',
  ldquo: '“',
  le: '≤',
  lsquo: '‘',
  lt: '<',
  mdash: '—',
  middot: '·',
  minus: '−',
  nbsp: '\u00A0',
  ndash: '–',
  ne: '≠',
  para: '¶',
  plusmn: '±',
  pound: '£',
  quot: '"',
  raquo: '»',
  rarr: '→',
  rdquo: '”',
  reg: '®',
  rsquo: '’',
  sect: '§',
  shy: '\u00AD',
  thinsp: '\u2009',
  times: '×',
  trade: '™',
  yen: '¥',
};

/** The renderer looks here too. */
export const NAMED_CODES_TO_UNICODE = {};

/** @returns {string | undefined} */
export function decodeEntity(name) {
  return Object.hasOwn(CHARACTERS, name) ? CHARACTERS[name] : undefined;
}
