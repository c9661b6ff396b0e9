// A value as JSON, or text as it is, with a button to copy it.

import { CodeBlock } from '../parts/code-block.jsx';
import { jsonText } from './reading/json-text.js';

export function Json({ value, label = 'JSON' }) {
  const language = typeof value === 'string' ? undefined : 'json';
  return <CodeBlock text={jsonText(value)} language={language} label={label} />;
}
