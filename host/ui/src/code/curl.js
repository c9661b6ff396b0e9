import { runAddress } from '../api/endpoints.js';
import { accessKey } from '../api/access.js';
import { quoted } from './quoted.js';

export function curl({ component, action, input, connection }) {
  const key = accessKey.get() ? ['-H "Authorization: Bearer $CONNECTOR_KEY"'] : [];
  return [
    `curl --no-buffer ${quoted(location.origin + runAddress(component, action))}`,
    "-H 'Content-Type: application/json'",
    "-H 'Accept: text/event-stream'",
    ...key,
    `--data ${quoted(JSON.stringify({ input, connection }, null, 2))}`,
  ].join(' \\\n  ');
}
