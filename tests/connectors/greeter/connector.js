// A connector in JavaScript, which shows that the contract does not require Rust.
//
// Its one action fetches a greeting from a server, reports it as an event and
// stores it as a file. build.sh compiles it with componentize-js, without WASI.

import { emit } from 'workflow:connector/events@0.1.0';
import { create } from 'workflow:connector/files@0.1.0';
import { send } from 'workflow:connector/http@0.1.0';

const row = (name, label, more = {}) => ({
  name,
  label,
  description: '',
  type: 'string',
  control: 'text',
  required: false,
  advanced: false,
  deprecated: false,
  secret: false,
  children: [],
  ...more,
});

// The properties of all tables, which refer to them by position.
const properties = [
  row('token', 'Token', { required: true, secret: true, control: 'password' }),
  row('baseUrl', 'Base URL', { control: 'url' }),
  row('name', 'Name', {
    required: true,
    description: 'The name of the person to greet.',
    limits: { maxLength: 40, accept: [] },
  }),
  row('', 'Greeting', { type: 'object', control: 'object-builder', children: [4, 5] }),
  row('greeting', 'Greeting', { required: true }),
  row('file', 'File', { required: true, type: 'file-entry', control: 'file-entry' }),
];

const failure = (kind, message, more = {}) => ({
  kind,
  message,
  violations: [],
  requestSent: false,
  ...more,
});

// An import that fails throws an error whose payload is the WIT error; an export
// throws the WIT error itself.
const orThrow = (call) => {
  try {
    return call();
  } catch (error) {
    throw error.payload ?? error;
  }
};

const kinds = { 401: 'unauthorized', 403: 'forbidden', 404: 'not-found', 429: 'rate-limited' };

const get = (path, query) => {
  const response = orThrow(() =>
    send({ method: 'get', path, query, headers: [], body: { tag: 'none' } }),
  );
  const status = response.status();
  const text = orThrow(() => response.text());
  if (200 <= status && status < 300) {
    return text;
  }
  const kind = kinds[status] ?? (500 <= status ? 'unavailable' : 'refused');
  throw failure(kind, `the server returned HTTP ${status}`, { status, detail: text });
};

const report = (text) => {
  try {
    emit({ tag: 'text-delta', val: { choice: 0, text } });
  } catch (error) {
    const cancelled = error.payload === 'cancelled';
    throw failure(cancelled ? 'cancelled' : 'timeout', 'the run must end');
  }
};

// Each call has its own instance, so this is 1 in every outcome.
let greetings = 0;

const greet = ({ name }) => {
  greetings += 1;
  const greeting = get('/greeting', [['name', name]]);
  report(greeting);
  const bytes = new TextEncoder().encode(greeting);
  const file = orThrow(() => create('greeting.txt', 'text/plain', bytes));
  return { output: JSON.stringify({ greeting, file }), metadata: JSON.stringify({ greetings }) };
};

export const describe = {
  describe: () => ({
    name: 'greeter',
    version: 1,
    title: 'Greeter',
    description: 'Greets people.',
    categories: [],
    help: '',
    properties,
    connection: {
      version: 1,
      help: '',
      authorizations: [
        {
          name: 'token',
          title: 'Token',
          help: '',
          properties: [0],
          scheme: { tag: 'bearer', val: 'token' },
        },
      ],
      properties: [1],
      baseUrl: { default: 'https://greeter.example', property: 'baseUrl' },
      headers: [],
      query: [],
      lastingErrors: [],
      environment: [
        { property: 'token', name: 'GREETER_TOKEN' },
        { property: 'baseUrl', name: 'GREETER_URL' },
      ],
    },
    actions: [
      {
        name: 'greet',
        title: 'Greet',
        description: 'Greets a person.',
        help: '',
        deprecated: false,
        properties: [2],
        output: { tag: 'fixed', val: 3 },
        effects: {},
        examples: [],
      },
    ],
  }),
};

export const connection = {
  test() {
    get('/greeting', []);
    return 'reached the server';
  },
};

const unsupported = () => {
  throw failure('internal', 'the greeter has no dynamic options or output schemas');
};

export const actions = {
  run: (action, input) => greet(JSON.parse(input)),
  options: unsupported,
  outputSchema: unsupported,
};
