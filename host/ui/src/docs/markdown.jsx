// Markdown of a connector, as HTML. Connectors are other people's: HTML in it
// is shown as text, links leave the page, images are not loaded.

import { useMemo } from 'react';
import MarkdownIt from 'markdown-it';

const markdown = new MarkdownIt({ html: false, linkify: false }).disable('image');

// The alignment of a table's columns is a `style`, which the page's
// Content-Security-Policy forbids.
const withoutStyle = (tokens, index, options, _environment, self) => {
  tokens[index].attrs = null;
  return self.renderToken(tokens, index, options);
};
markdown.renderer.rules.th_open = withoutStyle;
markdown.renderer.rules.td_open = withoutStyle;

markdown.renderer.rules.link_open = (tokens, index, options, _environment, self) => {
  tokens[index].attrSet('target', '_blank');
  tokens[index].attrSet('rel', 'noopener noreferrer');
  return self.renderToken(tokens, index, options);
};

export function Markdown({ text }) {
  const html = useMemo(() => markdown.render(text), [text]);
  return <div className="markdown" dangerouslySetInnerHTML={{ __html: html }} />;
}
