// A block of code with a button to copy it.

import { memo } from 'react';
import { CopyButton } from './copy-button.jsx';

export const CodeBlock = memo(function CodeBlock({ text, label }) {
  return (
    <div className="code">
      <pre tabIndex={0} role="region" aria-label={label} dir="ltr">
        {text}
      </pre>
      <CopyButton text={text} />
    </div>
  );
});
