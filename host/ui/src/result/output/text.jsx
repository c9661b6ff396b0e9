// A text: rendered if it is Markdown, with a switch to the raw text.

import { MarkdownAnswer } from '../../docs/markdown.jsx';
import { CopyButton } from '../../parts/copy-button.jsx';
import { Segments } from '../../parts/segments.jsx';
import { store, useStore } from '../../state/store.js';
import { useSteady } from './use-steady.js';

const VIEWS = [
  { value: false, label: 'Rendered' },
  { value: true, label: 'Raw' },
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
  // For all texts, so that the choice outlasts the end of a stream.
  const isRaw = useStore((state) => state.shown.isRaw);
  const steady = useSteady(text, isStreaming);
  const isRendered = isMarkdown && !isRaw;
  if (text === '' && !isStreaming) {
    return <p className="data-note">The text is empty.</p>;
  }
  return (
    <article className="answer-card" aria-label={label}>
      <header className="answer-bar">
        {label && <h3>{label}</h3>}
        <span className="spring" />
        {isMarkdown && (
          <Segments
            label="View of the text"
            options={VIEWS}
            value={isRaw}
            onChange={(chosen) => store.change('shown', { isRaw: chosen })}
          />
        )}
        <CopyButton text={text} name={label && `Copy ${label}`} />
      </header>
      <div
        className={`answer ${isRendered ? 'rendered' : isMarkdown ? 'raw' : 'plain'}`}
        dir="auto"
      >
        {isRendered ? <MarkdownAnswer text={steady} isStreaming={isStreaming} /> : text}
        {isStreaming && <span className="caret" aria-hidden="true" />}
      </div>
    </article>
  );
}
