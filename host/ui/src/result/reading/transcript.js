// Recognizes a transcript: text, and parts with a start and an end, or subtitles.

import { isObject } from './shape.js';
import { parseSubtitles } from './subtitles.js';

/**
 * @typedef {{start: number, end: number, text: string, speaker?: string}} Part
 * @typedef {{text: string, facts: [string, unknown][], lists: {name: string, parts: Part[]}[]}} Transcript
 */

/** @returns {Transcript | undefined} */
export function transcriptIn(output) {
  if (typeof output === 'string') {
    const parts = parseSubtitles(output);
    return (
      parts && {
        text: parts.map(({ text }) => text).join(' '),
        facts: [],
        lists: [{ name: 'segments', parts }],
      }
    );
  }
  if (!isObject(output) || typeof output.text !== 'string') {
    return undefined;
  }
  const lists = [];
  const facts = [];
  for (const [name, value] of Object.entries(output)) {
    if (Array.isArray(value) && value.length > 0 && value.every(isTimed)) {
      lists.push({ name, parts: value.map(part) });
    } else if (name === 'language' && typeof value === 'string') {
      facts.push([name, value]);
    } else if (name === 'duration' && Number.isFinite(value)) {
      facts.push([name, value]);
    }
  }
  // Any other object may have a text too.
  const isBare = Object.keys(output).length === 1;
  return lists.length > 0 || isBare ? { text: output.text, facts, lists } : undefined;
}

const isTimed = (one) => Number.isFinite(one?.start) && Number.isFinite(one?.end);

function part({ start, end, text, word, speaker }) {
  const spoken = [text, word].find((one) => typeof one === 'string') ?? '';
  return {
    start: Math.max(0, start),
    end: Math.max(0, end),
    text: spoken.trim(),
    speaker: typeof speaker === 'string' && speaker !== '' ? speaker : undefined,
  };
}
