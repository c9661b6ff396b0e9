// A value as JSON, with a button to copy it.

import { CopyButton } from '../parts/copy-button.jsx';

export function Json({ value, label = 'JSON' }) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return (
    <div className="code">
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <CopyButton text={text} />
    </div>
  );
}
