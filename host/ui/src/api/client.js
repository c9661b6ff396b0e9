// Requests to the service, and its failures as exceptions.

import { accessKey } from './access.js';

/** Where the service says that its API is, as in the `url` of a file. */
const ROOT = '/api/v1';

/**
 * Where the page finds it: below its own address, since a proxy may serve both
 * under a prefix.
 */
const BASE = new URL(`.${ROOT}`, document.baseURI).pathname;

/** The path below the API's root that a URL of the service names, if it is one. */
export const pathOf = (url) => (url.startsWith(`${ROOT}/`) ? url.slice(ROOT.length) : undefined);

/** The address of a path below the API's root. */
export const addressOf = (path) => BASE + path;

/**
 * A failure as the service tells it (RFC 9457), or one of the way to it.
 *
 * @typedef {object} Problem
 * @property {string} title
 * @property {string} [detail]
 * @property {number} [status]
 * @property {string} [instance]
 * @property {{kind: string, message: string, property?: string, status?: number, code?: string,
 *   requestId?: string, retryAfterMs?: number, detail?: unknown}} [failure]
 */

/** An exception that carries a problem. */
export class ServiceError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(sentence(problem));
    this.problem = problem;
  }
}

/** The one sentence that says what is wrong. */
export function sentence(problem) {
  return problem.failure?.message ?? problem.detail ?? problem.title ?? 'the service failed';
}

/**
 * Makes a request; the answer is not read yet.
 *
 * @param {string} method
 * @param {string} path below the API's root
 * @param {{json?: unknown, accept?: string, signal?: AbortSignal}} [options]
 * @throws {ServiceError} for every answer that is not a success
 */
export async function request(method, path, { json, accept, signal } = {}) {
  const headers = { Accept: accept ?? 'application/json' };
  const key = accessKey.get();
  if (key) {
    headers.Authorization = `Bearer ${key}`;
  }
  if (json !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  const body = json === undefined ? undefined : JSON.stringify(json);
  let response;
  try {
    response = await fetch(addressOf(path), { method, headers, body, signal });
  } catch (error) {
    if (error.name === 'AbortError') {
      throw error;
    }
    throw new ServiceError({ title: 'the service cannot be reached' });
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (isForKey(response)) {
      accessKey.ask(sentence(problem));
    }
    throw new ServiceError(problem);
  }
  return response;
}

/** Makes a request whose answer is JSON, or nothing. */
export async function requestJson(method, path, options) {
  const response = await request(method, path, options);
  return response.status === 204 ? undefined : response.json();
}

/**
 * Whether an answer asks for the service's own key. A provider that refuses a
 * connection's token has the same status, but only the service challenges.
 */
export function isForKey(response) {
  return response.status === 401 && response.headers.has('WWW-Authenticate');
}

async function problemOf(response) {
  try {
    return { status: response.status, ...(await response.json()) };
  } catch {
    return { status: response.status, title: `the service answered with status ${response.status}` };
  }
}
