// What a failure means, and what to do about it, in words for people. The service, the
// way to it and the provider fail differently, and so do the words.

import { formatDuration } from '../../parts/format.js';

/**
 * @typedef {object} Advice
 * @property {string} title
 * @property {string} [hint] what to do
 * @property {boolean} canRepeat whether the same run may succeed now or later
 * @property {boolean} wantsKey whether the service's API key is needed
 * @property {boolean} isWhole whether the problem's own message would add nothing
 */

/**
 * @param {import('../../api/client.js').Problem} problem
 * @returns {Advice}
 */
export function adviceOn(problem) {
  const { failure, status, type } = problem;
  const found = failure
    ? byKind(failure)
    : status === undefined
      ? unreachable(problem)
      : byStatus(status, type);
  return { canRepeat: false, wantsKey: false, isWhole: false, ...found };
}

/** The page got no response, or not all of it. */
function unreachable({ isLost }) {
  return isLost
    ? {
        title: 'The connection to the service broke',
        hint: 'The run was cancelled, but you may have been charged for it. Your input is kept.',
        canRepeat: true,
        isWhole: true,
      }
    : {
        title: 'The service cannot be reached',
        hint: 'Check that it is running and that you are online, then run again. Your input is kept.',
        canRepeat: true,
        isWhole: true,
      };
}

/** The service itself refused, before anything was sent to the provider. */
function byStatus(status, type) {
  if (status === 401 && type?.endsWith(':key-required')) {
    return {
      title: 'The service needs its API key',
      hint: 'It is the key of this service, not that of the provider.',
      wantsKey: true,
    };
  }
  if (status === 503) {
    return {
      title: 'The service is busy',
      hint: 'Other runs are waiting. Run again in a moment.',
      canRepeat: true,
    };
  }
  return { title: 'The service could not start the run', canRepeat: status >= 500 };
}

function byKind({ kind, requestSent, retryAfterMs }) {
  switch (kind) {
    case 'invalid-input':
      return { title: 'Check the input', hint: 'Correct it, then run again.' };
    case 'unauthorized':
      return requestSent
        ? {
            title: 'The provider rejected the credential',
            hint: 'Edit the connection, or choose another one.',
          }
        : { title: 'No connection', hint: 'Choose a connection, or create one.' };
    case 'forbidden':
      return {
        title: 'Not allowed',
        hint: 'The credential is valid, but it does not permit this. Use another connection.',
      };
    case 'not-found':
      return {
        title: 'Not found',
        hint: 'Check names and IDs in the input, and whether this connection has access.',
      };
    case 'refused':
      return {
        title: 'The provider declined the request',
        hint: 'Change the input: the same request is likely to be declined again.',
      };
    case 'rate-limited':
      return {
        title: 'Too many requests',
        hint: `The provider limits how often you may ask. Run again ${retryAfterMs ? `in ${formatDuration(retryAfterMs)}` : 'later'}.`,
        canRepeat: true,
      };
    case 'quota-exceeded':
      return {
        title: 'No credit left',
        hint: 'Add credit at the provider, or use another connection. Waiting does not help.',
      };
    case 'too-large':
      return { title: 'Too large', hint: 'Use a shorter input or a smaller file.' };
    case 'unavailable':
      return {
        title: 'The provider is not available',
        hint: 'It is down or overloaded. Run again in a moment.',
        canRepeat: true,
      };
    case 'network':
      return {
        title: 'The provider cannot be reached',
        hint: 'Check the base URL of the connection, and the network of the service.',
        canRepeat: true,
      };
    case 'timeout':
      return {
        title: 'The run took too long',
        hint: 'Run again, or ask for less.',
        canRepeat: true,
      };
    case 'cancelled':
      return { title: 'The run was cancelled', canRepeat: true };
    case 'invalid-output':
      return {
        title: 'The provider’s answer cannot be used',
        hint: 'Run again. If it happens often, change the input or the model.',
        canRepeat: true,
      };
    default:
      return {
        title: 'Something went wrong',
        hint: 'This is a defect in the connector or the service. Report it with the details below.',
      };
  }
}

/** Kinds after which it is not clear whether the provider did the work. */
const UNCERTAIN = new Set([
  'timeout',
  'network',
  'unavailable',
  'invalid-output',
  'cancelled',
  'internal',
]);

/** Whether the provider may have been paid for nothing. */
export const mayHaveCost = ({ failure }) =>
  Boolean(failure?.requestSent) && UNCERTAIN.has(failure.kind);
