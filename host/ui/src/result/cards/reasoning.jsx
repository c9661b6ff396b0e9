// The model's reasoning before its answer, or a summary of it.

import { MarkdownAnswer } from '../../docs/markdown.jsx';
import { Chevron } from '../../parts/icons.jsx';

/** @param {{texts: string[], isRunning: boolean}} props open until the answer begins */
export function Reasoning({ texts, isRunning = false }) {
  const shown = texts.filter((text) => typeof text === 'string' && text !== '');
  return shown.length > 0 ? (
    <details className="fold card" open={isRunning || undefined}>
      <summary>
        <Chevron /> Reasoning
      </summary>
      <div className="card-body">
        {shown.map((text, index) => (
          <MarkdownAnswer key={`${index}`} text={text} isStreaming={isRunning} />
        ))}
      </div>
    </details>
  ) : null;
}
