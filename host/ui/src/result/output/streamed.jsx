// Streamed text, one block per answer.

import { Text } from './text.jsx';

export function Streamed({ texts, isMarkdown, isRunning }) {
  return texts.map((text, choice) => (
    // Answers are identified by their index.
    <Text key={`${choice}`} text={text} isMarkdown={isMarkdown} isStreaming={isRunning} />
  ));
}
