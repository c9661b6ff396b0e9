// The SDK for connectors in JavaScript, documented in `connector.d.ts`.

import { emit, streaming } from 'workflow:connector/events@0.1.0';
import { create, open } from 'workflow:connector/files@0.1.0';
import { send } from 'workflow:connector/http@0.1.0';

const property = (type, control) => (label, description, more = {}) => ({
  label,
  description,
  type,
  control,
  ...more,
});

export const string = property('string', 'text');
export const textArea = property('string', 'text-area');
export const integer = property('integer', 'integer');
export const number = property('number', 'number');
export const boolean = property('boolean', 'select');
export const date = property('date', 'date');
export const dateTime = property('date-time', 'date-time');
export const file = property('file-entry', 'file-entry');
export const any = property('any', 'text-area');
export const secret = (label, description, more) =>
  string(label, description, { control: 'password', secret: true, ...more });
export const select = (label, description, choices, more) =>
  string(label, description, { control: 'select', choices, ...more });
export const list = (label, description, items, more) =>
  property('array', 'array-builder')(label, description, { items, ...more });
export const object = (members, more = {}) => ({
  label: '',
  description: '',
  type: 'object',
  control: 'object-builder',
  members,
  ...more,
});

export const bearer = () => ({
  name: 'bearer',
  title: 'Bearer Token',
  properties: { token: secret('Token', 'The secret API key.', { required: true }) },
  scheme: { tag: 'bearer', val: 'token' },
});

export const apiKey = (header) => ({
  name: 'apiKey',
  title: 'API Key',
  properties: { apiKey: secret('API Key', 'The secret API key.', { required: true }) },
  scheme: { tag: 'header', val: { header, prefix: '', property: 'apiKey' } },
});

const ROW = {
  description: '',
  required: false,
  advanced: false,
  deprecated: false,
  secret: false,
};

const asJson = (value) => (value === undefined ? undefined : JSON.stringify(value));

const choice = (given) => {
  const { value, label, description } = typeof given === 'object' ? given : { value: given };
  return { value: JSON.stringify(value), label: label ?? String(value), description };
};

/** Adds a property and its descendants. Returns its position. */
const add = (rows, name, given) => {
  const { members, items, values, choices, open: isOpen, live, limits, condition, ...rest } = given;
  const row = { ...ROW, ...rest, name, children: [] };
  const position = rows.push(row) - 1;
  row.default = asJson(given.default);
  row.providerDefault = asJson(given.providerDefault);
  if (choices || live) {
    row.choices = { known: (choices ?? []).map(choice), open: Boolean(isOpen || live), dynamic: live };
  }
  if (limits) {
    row.limits = { accept: [], ...limits };
  }
  if (condition) {
    const { property: other, matches = 'one-of', values: compared = [] } = condition;
    row.condition = { property: other, matches, values: compared.map(asJson) };
  }
  if (members) {
    row.children = table(rows, members);
  }
  if (items) {
    row.children = [add(rows, '', items)];
  }
  if (values) {
    row.values = add(rows, '', values);
  }
  return position;
};

const table = (rows, properties = {}) =>
  Object.entries(properties).map(([name, given]) => add(rows, name, given));

const bindings = (pairs = {}) =>
  Object.entries(pairs).map(([property, name]) => ({ property, name }));

const BASE_URL = string('Base URL', 'The URL of the API, if not the default.', {
  control: 'url',
  advanced: true,
});

const description = ({ connection, actions, ...of }) => {
  const rows = [];
  const authorizations = connection.authorizations.map((one) => ({
    help: '',
    ...one,
    properties: table(rows, one.properties),
  }));
  const properties = table(rows, { ...connection.properties, baseUrl: BASE_URL });
  const listed = Object.entries(actions).map(([name, action]) => ({
    name,
    title: action.title,
    description: action.description,
    help: action.help ?? '',
    group: action.group,
    deprecated: false,
    properties: table(rows, action.input),
    textProperty: action.textProperty,
    output: { tag: 'fixed', val: add(rows, '', action.output) },
    effects: action.effects ?? {},
    examples: Object.entries(action.examples ?? {}).map(([title, input]) => ({
      title,
      input: JSON.stringify(input),
    })),
  }));
  return {
    version: 1,
    categories: [],
    help: '',
    ...of,
    properties: rows,
    connection: {
      version: 1,
      help: '',
      authorizations,
      properties,
      baseUrl: { default: connection.baseUrl, property: 'baseUrl' },
      headers: bindings(connection.headers),
      query: [],
      lastingErrors: [],
      environment: bindings(connection.environment),
    },
    actions: listed,
  };
};

/** Creates a failure to throw. */
export const failure = (kind, message, more = {}) => ({
  kind,
  message,
  violations: [],
  requestSent: false,
  ...more,
});

// A failed import throws an error with the failure as its payload. An export must
// throw the failure itself.
const unwrapped = (call) => {
  try {
    return call();
  } catch (error) {
    const thrown = error?.payload ?? error;
    throw thrown?.kind ? thrown : failure('internal', String(thrown?.message ?? thrown));
  }
};

const KINDS = {
  401: 'unauthorized',
  402: 'quota-exceeded',
  403: 'forbidden',
  404: 'not-found',
  408: 'timeout',
  413: 'too-large',
  429: 'rate-limited',
};

const messageIn = (body) => {
  try {
    const { error, message, detail } = JSON.parse(body);
    const found = error?.message ?? error ?? message ?? detail;
    return typeof found === 'string' ? found.replace(/\.$/, '') : undefined;
  } catch {
    return undefined;
  }
};

/** Sends a request. Throws a failure if the status is not 2xx. */
export const request = (method, path, { query = {}, headers = {}, json, body } = {}) => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const content = json === undefined ? { tag: 'none' } : { tag: 'json', val: JSON.stringify(json) };
  const response = unwrapped(() =>
    send({
      method,
      path,
      query: given.map(([name, value]) => [name, String(value)]),
      headers: Object.entries(headers),
      body: body ?? content,
    }),
  );
  const status = response.status();
  const result = {
    status,
    header: (name) => response.header(name),
    text: () => unwrapped(() => response.text()),
    json: () => JSON.parse(unwrapped(() => response.json(undefined))),
    save: (name, mimeType) => unwrapped(() => response.save(name, mimeType)),
  };
  if (status >= 200 && status < 300) {
    return result;
  }
  const detail = result.text();
  const kind = KINDS[status] ?? (status >= 500 ? 'unavailable' : 'refused');
  const message =
    messageIn(detail) ?? `the provider returned status ${status} without an explanation`;
  throw failure(kind, message, { status, detail, requestSent: true });
};

export const get = (path, options) => request('get', path, options);
export const post = (path, options) => request('post', path, options);
export const put = (path, options) => request('put', path, options);
export const patch = (path, options) => request('patch', path, options);
export const del = (path, options) => request('delete', path, options);

/** Stores a file. */
export const createFile = (name, mimeType, bytes) =>
  unwrapped(() => create(name, mimeType, bytes));

/** Opens a file from the input or one that this run stored. */
export const openFile = (entry) => unwrapped(() => open(entry));

/** Reports text as it arrives, if the caller requested streaming. */
export const reportText = (text) => {
  if (!streaming()) {
    return;
  }
  try {
    emit({ tag: 'text-delta', val: { choice: 0, text } });
  } catch (error) {
    throw error.payload === 'deadline'
      ? failure('timeout', "the run's deadline passed")
      : failure('cancelled', 'the run was cancelled');
  }
};

const OUTCOME = Symbol('outcome');

/** Creates an output with metadata, such as `model` and `usage`. */
export const outcome = (output, metadata = {}) => ({ [OUTCOME]: { output, metadata } });

/** Creates the exports of a connector. */
export const connector = (of) => ({
  describe: { describe: () => description(of) },
  connection: {
    test: (settings) =>
      unwrapped(
        () =>
          of.connection.test?.(JSON.parse(settings)) ??
          'no request was sent: this connector has no connection test',
      ),
  },
  actions: {
    run: (name, input, settings) =>
      unwrapped(() => {
        const returned = of.actions[name].run(JSON.parse(input), JSON.parse(settings));
        const { output, metadata } = returned?.[OUTCOME] ?? { output: returned, metadata: {} };
        return { output: JSON.stringify(output ?? null), metadata: JSON.stringify(metadata) };
      }),
    options: (name, property, input, search, settings) =>
      unwrapped(() => {
        const list = of.actions[name].options;
        if (!list) {
          throw failure('invalid-input', `\`${property}\` has no dynamic options`);
        }
        const options = list(property, JSON.parse(input), search, JSON.parse(settings));
        return { disabled: false, placeholder: undefined, options: options.map(choice), more: false };
      }),
    outputSchema: () => {
      throw failure('internal', 'the output always has the same shape');
    },
  },
});
