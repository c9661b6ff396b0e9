import { runAddress } from '../api/endpoints.js';
import { accessKey } from '../api/access.js';
import { hasMarks, unmasked } from './masked.js';

export function python({ component, action, input, connection }) {
  const key = accessKey.get();
  const headers = key
    ? '\n    headers={"Authorization": f"Bearer {os.environ[\'CONNECTOR_KEY\']}"},'
    : '';
  const json = literal({ input, connection }, 4);
  const body = unmasked(json, (name) => `os.environ["${name}"]`);
  return `${key || hasMarks(json) ? 'import os\n' : ''}import requests

response = requests.post(
    ${JSON.stringify(location.origin + runAddress(component, action))},${headers}
    json=${body},
)
result = response.json()
if not response.ok:
    raise RuntimeError(result.get("failure", result).get("message", result["title"]))
print(result["output"])`;
}

/** A value as Python writes it. */
function literal(value, indent) {
  const inner = ' '.repeat(indent + 4);
  const end = ' '.repeat(indent);
  if (value === null || value === undefined) {
    return 'None';
  }
  if (typeof value === 'boolean') {
    return value ? 'True' : 'False';
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => `${inner}${literal(item, indent + 4)},\n`);
    return items.length === 0 ? '[]' : `[\n${items.join('')}${end}]`;
  }
  if (typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(
        ([name, member]) => `${inner}${JSON.stringify(name)}: ${literal(member, indent + 4)},\n`,
      );
    return members.length === 0 ? '{}' : `{\n${members.join('')}${end}}`;
  }
  // JSON's strings and numbers are Python's, too.
  return JSON.stringify(value);
}
