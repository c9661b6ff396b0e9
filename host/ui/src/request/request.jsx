// The request for the current input, for use in other programs.

import { runAddress } from '../api/endpoints.js';
import { accessKey } from '../api/access.js';
import { SESSION } from '../connection/connections.js';
import { Json } from '../result/json.jsx';

export function Request({ component, action, input, connections, secrets }) {
  const connection =
    connections.chosen === SESSION ? masked(connections.session, secrets) : connections.chosen;
  const body = { input, connection };
  return (
    <div className="request">
      <h3>As curl</h3>
      <Json label="Request as curl" value={curl(runAddress(component, action), body)} />
      <p className="field-description">
        Without <code>text/event-stream</code>, the response is a single JSON document.
      </p>
      <h3>Input</h3>
      <Json label="Input as JSON" value={input} />
    </div>
  );
}

/** Replaces secrets with shell variables, so that they never leave the page. */
function masked(values, secrets) {
  const entries = Object.entries(values ?? {}).map(([name, value]) => [
    name,
    secrets.includes(name) ? `$${name.toUpperCase()}` : value,
  ]);
  return Object.fromEntries(entries);
}

function curl(address, body) {
  const key = accessKey.get() ? ['-H "Authorization: Bearer $CONNECTOR_KEY"'] : [];
  return [
    `curl --no-buffer ${quoted(location.origin + address)}`,
    "-H 'Content-Type: application/json'",
    "-H 'Accept: text/event-stream'",
    ...key,
    `--data ${quoted(JSON.stringify(body, null, 2))}`,
  ].join(' \\\n  ');
}

/** A shell expands nothing inside single quotes. */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
