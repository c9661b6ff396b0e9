// A text: rendered if it is Markdown, with a switch to the raw text.

import { useState } from 'react';
import { MarkdownAnswer } from '../../docs/markdown.jsx';
import { CopyButton } from '../../parts/copy-button.jsx';
import { Segments } from '../../parts/segments.jsx';
import { useSteady } from './use-steady.js';

const VIEWS = [
  { value: 'rendered', label: 'Rendered' },
  { value: 'raw', label: 'Raw' },
];

/** Longer texts are shown raw: rendering them would block the page. */
const MAX_RENDERED = 300_000;

/**
 * @param {object} props
 * @param {string} props.text
 * @param {boolean} props.isMarkdown
 * @param {string} [props.label]
 * @param {boolean} [props.isStreaming] whether more text will follow
 */
export function Text({ text, label, isStreaming = false, ...props }) {
  const isMarkdown = props.isMarkdown && text.length <= MAX_RENDERED;
  const [view, setView] = useState('rendered');
  const steady = useSteady(text, isStreaming);
  const isRendered = isMarkdown && view === 'rendered';
  return (
    <article className="answer-card" aria-label={label}>
      <header className="answer-bar">
        {label && <h3>{label}</h3>}
        <span className="spring" />
        {isMarkdown && (
          <Segments label="View of the text" options={VIEWS} value={view} onChange={setView} />
        )}
        <CopyButton text={text} name={label && `Copy ${label}`} />
      </header>
      <div className={`answer ${isRendered ? 'rendered' : isMarkdown ? 'raw' : 'plain'}`} dir="auto">
        {isRendered ? <MarkdownAnswer text={steady} isStreaming={isStreaming} /> : text}
        {isStreaming && <span className="caret" aria-hidden="true" />}
      </div>
    </article>
  );
}
