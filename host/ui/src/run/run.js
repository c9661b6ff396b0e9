// Runs an action. A run's state is updated by its events; it continues when the user
// opens another action, and is shown again when they return.

import { run } from '../api/endpoints.js';
import { ServiceError } from '../api/client.js';
import { store } from '../state/store.js';
import { timed } from './pace.js';

/**
 * @typedef {object} RunState
 * @property {'idle' | 'running' | 'done' | 'failed' | 'cancelled'} status
 * @property {string[]} texts the streamed text of each choice
 * @property {string[]} reasoning the streamed reasoning before each choice
 * @property {object} [metadata] members of the outcome's that are already known
 * @property {string} [step] what the run is waiting for
 * @property {import('./pace.js').Timing} [timing]
 * @property {{unit: string, done: number, total?: number}} [progress]
 * @property {{attempt: number, pauseMs: number, reason: string}[]} attempts
 * @property {{id: string, name: string, arguments: unknown, result?: unknown, error?: string}[]} calls
 * @property {object[]} previews files to show until the result arrives
 * @property {{output: unknown, metadata: object}} [outcome]
 * @property {import('../api/client.js').Problem} [problem]
 * @property {object} [input] the input of the run
 */

export const IDLE = {
  status: 'idle',
  texts: [],
  reasoning: [],
  attempts: [],
  calls: [],
  previews: [],
};

function reduce(state, { event, data, at }) {
  switch (event) {
    case 'start':
      return { ...IDLE, status: 'running', ...data };
    case 'delta':
      return {
        ...state,
        texts: appended(state.texts, data),
        step: undefined,
        timing: timed(state.timing, data.text, at),
      };
    case 'reasoning':
      return { ...state, reasoning: appended(state.reasoning, data) };
    case 'status':
      return { ...state, step: data.text };
    case 'metadata':
      return { ...state, metadata: { ...state.metadata, ...data.metadata } };
    case 'progress':
      return { ...state, progress: data };
    case 'attempt':
      // Discards the text of the failed attempt.
      return {
        ...state,
        texts: [],
        reasoning: [],
        timing: { startedAt: state.timing.startedAt },
        attempts: [...state.attempts, data],
      };
    case 'file':
      return { ...state, previews: [...state.previews, data.file] };
    case 'call':
      return { ...state, calls: [...state.calls, data] };
    case 'called': {
      const calls = state.calls.map((call) => (call.id === data.id ? { ...call, ...data } : call));
      return { ...state, calls };
    }
    case 'result':
      return { ...state, status: 'done', progress: undefined, outcome: data };
    case 'failure':
      return { ...state, status: 'failed', progress: undefined, problem: data };
    case 'cancelled':
      return { ...state, status: 'cancelled', progress: undefined };
    default:
      // A newer service may send other events.
      return state;
  }
}

/** The run had started, unlike when the service cannot be reached. */
const LOST = { title: 'The response ended before the result arrived.', isLost: true };

/** The number of choices that are shown; an index comes from a connector. */
const MAX_CHOICES = 256;

/** Appends streamed text to that of its choice. */
function appended(texts, { choice, text }) {
  if (choice >= MAX_CHOICES) {
    return texts;
  }
  const next = [...texts];
  next[choice] = (next[choice] ?? '') + text;
  // A provider may begin with the second choice.
  return Array.from(next, (one) => one ?? '');
}

/** The runs in progress, by the action's address. */
const running = new Map();

/** The state to show for an action whose run is in progress. */
export const runningState = (address) => running.get(address)?.state;

/**
 * Runs an action. A run of the same action that is in progress is cancelled.
 *
 * @returns {Promise<{last: {event: string, data?: object}, state: RunState}>} the event
 *   that ended the run, and its final state
 */
export async function startRun(component, action, body) {
  const address = `${component}/${action}`;
  cancelRun(address);
  const controller = new AbortController();
  const own = { controller, state: IDLE };
  running.set(address, own);
  const dispatch = (event) => {
    own.state = reduce(own.state, event);
    // If another run has replaced this one, the page shows that run.
    if (running.get(address) === own && store.get().work.address === address) {
      store.change('work', { run: own.state });
    }
  };
  const startedAt = Date.now();
  dispatch({ event: 'start', data: { input: body.input, startedAt, timing: { startedAt } } });
  let last;
  try {
    for await (const event of run(component, action, body, controller.signal)) {
      last = event;
      dispatch({ ...event, at: Date.now() });
    }
    if (last?.event !== 'result' && last?.event !== 'failure') {
      throw new ServiceError(LOST);
    }
  } catch (error) {
    last = ending(error, controller.signal);
    dispatch(last);
  } finally {
    if (running.get(address) === own) {
      running.delete(address);
    }
  }
  return { last, state: own.state };
}

export function cancelRun(address) {
  running.get(address)?.controller.abort();
}

function ending(error, signal) {
  if (signal.aborted) {
    return { event: 'cancelled' };
  }
  return { event: 'failure', data: error.problem ?? LOST };
}
