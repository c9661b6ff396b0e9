// Requests to the host's service.
//
// Each request opens its own connection. If the connection is refused, nothing was sent
// and the request is retried. A reused connection may have been closed while idle, which
// looks the same as a connection that broke during a run.

const http = require('node:http');

const { Failure } = require('./failure');
const { readEvents } = require('./events');

/** The number of attempts while no process is listening. */
const MAX_ATTEMPTS = 20;
/** The pause between attempts, in milliseconds. */
const PAUSE = 100;

const API = '/api/v1';

class Client {
  #host;

  /** @param {import('./host').Host} host */
  constructor(host) {
    this.#host = host;
  }

  /**
   * Lists the connectors with their descriptors.
   *
   * @returns {Promise<{address: string, definition: object}[]>}
   */
  async connectors() {
    const { components } = await this.#json('GET', '/components');
    const describe = async ({ address }) => ({
      address,
      definition: await this.#json('GET', `/components/${address}`),
    });
    return Promise.all(components.map(describe));
  }

  /** @returns {Promise<{message: string}>} */
  test(address, connection) {
    return this.#json('POST', `/components/${address}/connection/test`, { connection });
  }

  /** @returns {Promise<{disabled: boolean, placeholder?: string, options: object[]}>} */
  options(address, action, property, query) {
    const path = `/components/${address}/actions/${action}/options/${encodeURIComponent(property)}`;
    return this.#json('POST', path, query);
  }

  /**
   * Runs an action until it ends. Aborting the signal stops the run.
   *
   * @param {{input: object, connection?: object}} job
   * @param {{signal: AbortSignal, onEvent?: (name: string, data: object) => void}} options without
   *   `onEvent`, nothing is reported before the end, and nothing is streamed
   * @returns {Promise<{output: unknown, metadata: object}>}
   */
  async run(address, action, job, { signal, onEvent }) {
    const path = `/components/${address}/actions/${action}/run`;
    if (!onEvent) {
      return this.#json('POST', path, job, { signal });
    }
    const response = await this.#send('POST', path, {
      ...json(job),
      accept: 'text/event-stream',
      signal,
    });
    try {
      for await (const { event, data } of readEvents(response)) {
        if (event === 'result') {
          return data;
        }
        if (event === 'failure') {
          throw Failure.ofProblem(data);
        }
        onEvent(event, data);
      }
    } catch (error) {
      throw error instanceof Failure || signal.aborted ? error : broken(path);
    }
    throw broken(path);
  }

  /** @returns {Promise<object>} the file's FILE_ENTRY */
  async upload(name, mimeType, bytes, signal) {
    const path = `/files?name=${encodeURIComponent(name)}`;
    const request = { type: mimeType ?? 'application/octet-stream', body: bytes, signal };
    return JSON.parse(await this.#read('POST', path, request));
  }

  /** @returns {Promise<Buffer>} the content of a file stored by the host */
  async content({ url }, signal) {
    if (!url.startsWith(`${API}/files/`)) {
      throw Failure.invalid(undefined, `\`${url}\` is not a file on the connector host`);
    }
    return this.#read('GET', url.slice(API.length), { signal });
  }

  async #json(method, path, body, options) {
    const request = body === undefined ? {} : json(body);
    return JSON.parse(await this.#read(method, path, { ...request, ...options }));
  }

  /** @returns {Promise<Buffer>} the body of a successful response */
  async #read(method, path, request) {
    const response = await this.#send(method, path, request);
    try {
      return await read(response);
    } catch (error) {
      throw request.signal?.aborted ? error : broken(path);
    }
  }

  /** @returns {Promise<http.IncomingMessage>} a successful response */
  async #send(method, path, request) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { port, key } = await this.#host.running();
        const response = await exchange(port, key, method, API + path, request);
        if (response.statusCode < 300) {
          return response;
        }
        throw Failure.ofProblem(problemOf(await read(response)));
      } catch (error) {
        if (error instanceof Failure || request.signal?.aborted) {
          throw error;
        }
        if (error.code !== 'ECONNREFUSED' || attempt === MAX_ATTEMPTS) {
          throw error.syscall === 'connect' || error.code === undefined ? absent(error) : broken(path);
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
  }
}

exports.Client = Client;

const json = (body) => ({ type: 'application/json', body: Buffer.from(JSON.stringify(body)) });

function exchange(port, key, method, path, { type, body, accept, signal }) {
  const headers = { authorization: `Bearer ${key}`, accept: accept ?? 'application/json' };
  if (body) {
    headers['content-type'] = type;
    headers['content-length'] = body.length;
  }
  const options = { host: '127.0.0.1', port, method, path, headers, agent: false, signal };
  return new Promise((resolve, reject) => {
    http.request(options, resolve).once('error', reject).end(body);
  });
}

async function read(response) {
  const chunks = [];
  for await (const chunk of response) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function problemOf(body) {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}

function broken(path) {
  const isRun = path.endsWith('/run');
  const message = isRun
    ? 'the connector host exited during the run; you may have been charged'
    : 'the connector host exited during the request';
  return new Failure({ kind: 'internal', message, requestSent: isRun });
}

const absent = (error) =>
  new Failure({
    kind: 'unavailable',
    message: `the connector host is not running: ${error.message}`,
    requestSent: false,
  });
