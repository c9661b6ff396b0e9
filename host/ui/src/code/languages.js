// The languages in which the request is shown.

import { command } from './command.js';
import { curl } from './curl.js';
import { javascript } from './javascript.js';
import { mcp } from './mcp.js';
import { python } from './python.js';
import { rust } from './rust.js';

/**
 * @typedef {object} Request
 * @property {string} address such as `openai/v1/ask`
 * @property {string} component such as `openai/v1`
 * @property {string} action such as `ask`
 * @property {string} [name] the connection's name
 * @property {boolean} isSession whether the connection exists only in the page
 * @property {{property: string, name: string}[]} environment
 * @property {unknown} connection an id, or values with marks for secrets
 * @property {object} input without secrets
 */

/** @type {{name: string, id: string, note: string, write: (request: Request) => string}[]} */
export const LANGUAGES = [
  {
    name: 'curl',
    id: 'bash',
    note: 'Without text/event-stream, the response is a single JSON document.',
    write: curl,
  },
  {
    name: 'Command',
    id: 'bash',
    note: 'Uses a connection stored on its own machine or, without one, environment variables.',
    write: command,
  },
  {
    name: 'JavaScript',
    id: 'javascript',
    note: 'For Node.js 18 or later, and browsers.',
    write: javascript,
  },
  { name: 'Python', id: 'python', note: 'Needs the package requests.', write: python },
  {
    name: 'Rust',
    id: 'rust',
    note: 'Runs the connector inside your program, without this service.',
    write: rust,
  },
  {
    name: 'MCP',
    id: 'json',
    note: 'The message that a client of `connector mcp` sends.',
    write: mcp,
  },
];
