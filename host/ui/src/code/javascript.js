import { runAddress } from '../api/endpoints.js';
import { accessKey } from '../api/access.js';
import { unmasked } from './masked.js';

export function javascript({ component, action, input, connection }) {
  const key = accessKey.get()
    ? "\n    'Authorization': `Bearer ${process.env.CONNECTOR_KEY}`,"
    : '';
  const json = JSON.stringify({ input, connection }, null, 2);
  const body = unmasked(indented(json, 2), (name) => `process.env.${name}`);
  return `const response = await fetch(${JSON.stringify(location.origin + runAddress(component, action))}, {
  method: 'POST',
  headers: {
    'Content-Type': 'application/json',${key}
  },
  body: JSON.stringify(${body}),
});
const result = await response.json();
if (!response.ok) {
  throw new Error(result.failure?.message ?? result.title);
}
console.log(result.output);`;
}

const indented = (text, by) => text.replaceAll('\n', `\n${' '.repeat(by)}`);
