// Streamed text, one block per answer.

import { Text } from './text.jsx';

/** The beginning of an answer that will be an object or a list. */
const JSON_START = /^\s*(\{|\[\s*[[{"\d])/;

export function Streamed({ texts, isMarkdown, isRunning }) {
  return texts.map((text, choice) => (
    // Answers are identified by their index.
    <Text
      key={`${choice}`}
      label={texts.length > 1 ? `Answer ${choice + 1}` : undefined}
      text={text}
      isMarkdown={isMarkdown && !JSON_START.test(text)}
      isStreaming={isRunning}
    />
  ));
}
