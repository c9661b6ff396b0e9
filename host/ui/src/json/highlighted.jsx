// JSON in colors. Drawn behind the editor's text area, whose own text is transparent.

import { memo } from 'react';

/** Longer text is shown in one color: every keystroke would draw it again. */
const MAX_LENGTH = 60_000;

/** @param {{text: string, tokens: import('./outline.js').Token[], problems: {from: number}[]}} props */
export const Highlighted = memo(function Highlighted({ text, tokens, problems }) {
  if (text.length > MAX_LENGTH) {
    return text;
  }
  const wrong = new Set(problems.map(({ from }) => from));
  const parts = [];
  let end = 0;
  for (const { kind, from, to } of tokens) {
    parts.push(text.slice(end, from));
    const className = wrong.has(from) ? `json-${kind} json-mistake` : `json-${kind}`;
    parts.push(
      <span key={from} className={className}>
        {text.slice(from, to)}
      </span>,
    );
    end = to;
  }
  parts.push(text.slice(end));
  return parts;
});
