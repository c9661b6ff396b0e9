// Splits a shell command into its words, as a shell does, but expands nothing.

/** @returns {string[]} */
export function words(command) {
  const found = [];
  let word;
  const text = command.replace(/\\\r?\n/g, ' ');
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (/\s/.test(character)) {
      if (word !== undefined) {
        found.push(word);
        word = undefined;
      }
    } else if (character === "'") {
      const end = text.indexOf("'", at + 1);
      const isEscaped = text[at - 1] === '$';
      const quoted = text.slice(at + 1, end < 0 ? undefined : end);
      word = (isEscaped ? word.slice(0, -1) : (word ?? '')) + quoted;
      at = end < 0 ? text.length : end;
    } else if (character === '"') {
      let quoted = '';
      for (at += 1; at < text.length && text[at] !== '"'; at += 1) {
        if (text[at] === '\\' && /["\\$`]/.test(text[at + 1] ?? '')) {
          at += 1;
        }
        quoted += text[at];
      }
      word = (word ?? '') + quoted;
    } else if (character === '\\') {
      at += 1;
      word = (word ?? '') + (text[at] ?? '');
    } else {
      word = (word ?? '') + character;
    }
  }
  return word === undefined ? found : [...found, word];
}
