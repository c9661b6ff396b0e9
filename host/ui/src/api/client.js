// Requests to the service; failures become exceptions.

import { accessKey } from './access.js';

/** The API's path in URLs that the service returns, such as the `url` of a file. */
const ROOT = '/api/v1';

/**
 * The API's path as seen by the page: relative to the page's own address, because
 * a proxy may serve both under a prefix.
 */
const BASE = new URL(`.${ROOT}`, document.baseURI).pathname;

/** The path of a service URL below the API's root; undefined for other URLs. */
export const pathOf = (url) => (url.startsWith(`${ROOT}/`) ? url.slice(ROOT.length) : undefined);

/** The address of a path below the API's root. */
export const addressOf = (path) => BASE + path;

/**
 * A failure reported by the service (RFC 9457), or a failure to reach it.
 *
 * @typedef {object} Problem
 * @property {string} title
 * @property {string} [detail]
 * @property {number} [status]
 * @property {string} [instance]
 * @property {boolean} [isLost] whether the connection to the service broke during a run
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

/** The message to show for a problem. */
export function sentence(problem) {
  return problem.failure?.message ?? problem.detail ?? problem.title ?? 'the service failed';
}

const NO_KEY = 'This service accepts only requests with a key. Whoever runs it can give you one.';
const WRONG_KEY = 'The service does not accept this key. Check that you copied all of it.';

/**
 * Sends a request, and returns the response with its body unread.
 *
 * @param {string} method
 * @param {string} path below the API's root
 * @param {{json?: unknown, accept?: string, signal?: AbortSignal}} [options]
 * @throws {ServiceError} if the response is not a success
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
    throw new ServiceError({
      title: 'Cannot reach the service. Check that it is running and that you are online.',
    });
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (!isForKey(response)) {
      throw new ServiceError(problem);
    }
    // The service's own words are for programs.
    const detail = key ? WRONG_KEY : NO_KEY;
    accessKey.ask(detail);
    throw new ServiceError({ ...problem, detail });
  }
  return response;
}

/** Sends a request, and returns the response's JSON, if it has a body. */
export async function requestJson(method, path, options) {
  const response = await request(method, path, options);
  return response.status === 204 ? undefined : response.json();
}

/**
 * Whether a response asks for the service's own key. A provider that refuses a
 * connection's token causes the same status, but without a challenge.
 */
export function isForKey(response) {
  return response.status === 401 && response.headers.has('WWW-Authenticate');
}

async function problemOf(response) {
  try {
    return { status: response.status, ...(await response.json()) };
  } catch {
    return { status: response.status, title: `the service returned HTTP ${response.status}` };
  }
}
