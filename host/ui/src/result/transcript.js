// Recognizes a transcript by its shape: text, and parts with a start and an end.

/**
 * @typedef {{start: number, end: number, text: string, speaker?: string}} Part
 * @returns {{text: string, facts: [string, unknown][],
 *   lists: {name: string, parts: Part[]}[]} | undefined}
 */
export function transcriptIn(output) {
  if (typeof output?.text !== 'string') {
    return undefined;
  }
  const lists = [];
  const facts = [];
  for (const [name, value] of Object.entries(output)) {
    if (Array.isArray(value) && value.length > 0 && value.every(isTimed)) {
      const parts = value.map((part) => ({ ...part, text: part.text ?? part.word ?? '' }));
      lists.push({ name, parts });
    } else if (['language', 'duration'].includes(name)) {
      facts.push([name, value]);
    }
  }
  return { text: output.text, facts, lists };
}

function isTimed(part) {
  return typeof part?.start === 'number' && typeof part?.end === 'number';
}
