// Source code with its syntax highlighted. The highlighter returns a tree of spans,
// from which React elements are made: no HTML is ever parsed.

import { createLowlight } from 'lowlight';
import bash from 'highlight.js/lib/languages/bash';
import cpp from 'highlight.js/lib/languages/cpp';
import csharp from 'highlight.js/lib/languages/csharp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

const lowlight = createLowlight({
  bash,
  cpp,
  csharp,
  css,
  diff,
  go,
  java,
  javascript,
  json,
  python,
  rust,
  sql,
  typescript,
  xml,
  yaml,
});
lowlight.registerAlias({ bash: ['console', 'shell', 'shellsession'] });

/** Longer code is shown plain: highlighting it would block the page. */
const MAX_LENGTH = 50_000;

/** @returns {import('react').ReactNode} */
export function highlighted(text, language) {
  const name = language?.toLowerCase();
  if (!name || !lowlight.registered(name) || text.length > MAX_LENGTH) {
    return text;
  }
  return lowlight.highlight(name, text).children.map(element);
}

function element(node, index) {
  return node.type === 'text' ? (
    node.value
  ) : (
    <span key={index} className={node.properties.className.join(' ')}>
      {node.children.map(element)}
    </span>
  );
}
