// Renders Markdown that is not trusted: a connector's texts and a provider's answers.
// HTML is shown as text, links open in a new tab, and images are not loaded.
//
// This renderer is a dependency of rjsf. It creates React elements instead of HTML,
// which rules out HTML injection.

import { memo } from 'react';
import MarkdownToJsx, { RuleType } from 'markdown-to-jsx/react';
import { CodeBlock } from '../parts/code-block.jsx';

const COMMON = {
  disableParsingRawHTML: true,
  forceBlock: true,
  // Headings must not get the ids of the page's own elements.
  slugify: (text, slug) => `docs-${slug(text)}`,
  renderRule: (next, node, _children, state) =>
    node.type === RuleType.codeBlock ? (
      <CodeBlock key={state.key} text={node.text} language={language(node.lang)} />
    ) : (
      next()
    ),
};
const OVERRIDES = { a: Link, img: ({ alt }) => <em>{alt || 'image'}</em>, input: Task };

const REFERENCE = {
  ...COMMON,
  // Rows are shown as entries without columns, so alignment is dropped.
  overrides: { ...OVERRIDES, td: ({ children }) => <td>{children}</td> },
};
const ANSWER = {
  ...COMMON,
  overrides: {
    ...OVERRIDES,
    table: Table,
    h1: heading('h3'),
    h2: heading('h4'),
    h3: heading('h5'),
  },
};
/** Syntax that is still incomplete is not shown until the rest of it arrives. */
const STREAMED_ANSWER = { ...ANSWER, optimizeForStreaming: true };

/** A reference: it is next to a form, where there is no room for wide tables. */
export function Markdown({ text }) {
  return (
    <div className="markdown reference">
      <MarkdownToJsx options={REFERENCE}>{text}</MarkdownToJsx>
    </div>
  );
}

/**
 * An answer of a provider.
 *
 * @param {{text: string, isStreaming?: boolean}} props `isStreaming` if more text will follow
 */
export const MarkdownAnswer = memo(function MarkdownAnswer({ text, isStreaming }) {
  return (
    <div className="markdown" dir="auto">
      <MarkdownToJsx options={isStreaming ? STREAMED_ANSWER : ANSWER}>{text}</MarkdownToJsx>
    </div>
  );
});

/** The first word after the fence: the rest are options of other renderers. */
const language = (info) => /^[\w+#.-]{1,20}/.exec(info ?? '')?.[0];

/** The page's own fragments are its addresses, so only links to elsewhere are links. */
function Link({ href, title, children }) {
  return /^(https?:|mailto:)/i.test(href ?? '') ? (
    <a href={href} title={title ?? href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  ) : (
    children
  );
}

/** The box of an entry in a list of tasks. */
function Task({ checked }) {
  return (
    <input
      type="checkbox"
      checked={checked}
      readOnly
      disabled
      aria-label={checked ? 'Done' : 'To do'}
    />
  );
}

function Table({ children }) {
  return (
    <div className="table-scroll" tabIndex={0} role="group" aria-label="Table">
      <table>{children}</table>
    </div>
  );
}

/** A heading below those of the page. Its id is dropped: nothing links to it. */
function heading(Tag) {
  return ({ children }) => <Tag>{children}</Tag>;
}
