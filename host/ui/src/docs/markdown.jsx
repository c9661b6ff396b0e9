// Markdown of a connector. Connectors are other people's: HTML in it is shown
// as text, links leave the page, images are not loaded.
//
// rjsf brings this renderer along. It makes React's elements and no HTML, so
// there is none that could be injected.

import MarkdownToJsx from 'markdown-to-jsx/react';

const OPTIONS = {
  disableParsingRawHTML: true,
  forceBlock: true,
  // Headings must not take the ids of the page's own elements.
  slugify: (text, slug) => `docs-${slug(text)}`,
  overrides: {
    a: { props: { target: '_blank', rel: 'noopener noreferrer' } },
    img: ({ alt }) => alt,
    // Columns are not columns here, so they are not aligned either.
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
