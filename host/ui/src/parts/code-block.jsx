// A block of code with its language and a button to copy it.

import { memo } from 'react';
import { CopyButton } from './copy-button.jsx';
import { highlighted } from './highlight.jsx';

export const CodeBlock = memo(function CodeBlock({ text, language, label }) {
  return (
    <div className="code">
      <div className="code-bar">
        <span className="code-language">{language}</span>
        <CopyButton text={text} label="Copy" />
      </div>
      {/* Scrolled with the keyboard, so it needs the focus and a name. */}
      <pre
        tabIndex={0}
        role="group"
        aria-label={label ?? (language ? `Code, ${language}` : 'Code')}
        dir="ltr"
      >
        <code>{highlighted(text, language)}</code>
      </pre>
    </div>
  );
});
