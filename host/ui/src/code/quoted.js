/** A word of a shell command: a shell expands nothing inside single quotes. */
export function quoted(text) {
  return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
