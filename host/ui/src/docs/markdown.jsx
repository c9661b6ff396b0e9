// Renders a connector's Markdown, which is not trusted: HTML is shown as text,
// links open in a new tab, and images are not loaded.
//
// This renderer is a dependency of rjsf. It creates React elements instead of HTML,
// which rules out HTML injection.

import MarkdownToJsx from 'markdown-to-jsx/react';

const OPTIONS = {
  disableParsingRawHTML: true,
  forceBlock: true,
  // Headings must not get the ids of the page's own elements.
  slugify: (text, slug) => `docs-${slug(text)}`,
  overrides: {
    a: { props: { target: '_blank', rel: 'noopener noreferrer' } },
    img: ({ alt }) => alt,
    // Rows are shown as entries without columns, so alignment is dropped.
    td: ({ children }) => <td>{children}</td>,
  },
};

export function Markdown({ text }) {
  return (
    <div className="markdown">
      <MarkdownToJsx options={OPTIONS}>{text}</MarkdownToJsx>
    </div>
  );
}
