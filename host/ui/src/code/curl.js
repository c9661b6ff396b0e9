import { runAddress } from '../api/endpoints.js';
import { accessKey } from '../api/access.js';
import { unmasked } from './masked.js';
import { quoted } from './quoted.js';

export function curl({ component, action, input, connection }) {
  const key = accessKey.get() ? ['-H "Authorization: Bearer $CONNECTOR_KEY"'] : [];
  return [
    `curl --no-buffer ${quoted(location.origin + runAddress(component, action))}`,
    "-H 'Content-Type: application/json'",
    "-H 'Accept: text/event-stream'",
    ...key,
    // A shell expands variables only outside the single quotes.
    unmasked(
      `--data ${quoted(JSON.stringify({ input, connection }, null, 2))}`,
      (name) => `"'"$${name}"'"`,
    ),
  ].join(' \\\n  ');
}
