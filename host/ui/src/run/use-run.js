// The state of a run, updated by its events.

import { useCallback, useReducer, useRef } from 'react';
import { run } from '../api/endpoints.js';
import { ServiceError } from '../api/client.js';
import { timed } from './pace.js';

/**
 * @typedef {object} RunState
 * @property {'idle' | 'running' | 'done' | 'failed' | 'cancelled'} status
 * @property {string[]} texts the streamed text of each choice
 * @property {string[]} reasoning the streamed reasoning before each choice
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

const IDLE = { status: 'idle', texts: [], reasoning: [], attempts: [], calls: [], previews: [] };

function reduce(state, { event, data, at }) {
  switch (event) {
    case 'start':
      return { ...IDLE, status: 'running', ...data };
    case 'restore':
      return { ...IDLE, ...data };
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
const LOST = { title: 'lost the connection to the service during the run', isLost: true };

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

/** @returns the state, and functions that change it */
export function useRun() {
  const [state, dispatch] = useReducer(reduce, IDLE);
  const controller = useRef();

  /** Runs an action; resolves to the event that ended it. */
  const start = useCallback(async (component, action, input, connection) => {
    controller.current?.abort();
    const { signal } = (controller.current = new AbortController());
    const startedAt = Date.now();
    dispatch({ event: 'start', data: { input, startedAt, timing: { startedAt } } });
    let last;
    try {
      for await (const event of run(component, action, { input, connection }, signal)) {
        last = event;
        dispatch({ ...event, at: Date.now() });
      }
      if (last?.event !== 'result' && last?.event !== 'failure') {
        throw new ServiceError(LOST);
      }
    } catch (error) {
      last = ending(error, signal);
      // If another run has replaced this one, the state belongs to that run.
      if (controller.current.signal === signal) {
        dispatch(last);
      }
    }
    return last;
  }, []);

  const cancel = useCallback(() => controller.current?.abort(), []);
  const restore = useCallback((data) => {
    controller.current?.abort();
    controller.current = undefined;
    dispatch({ event: 'restore', data: data ?? {} });
  }, []);
  return { state, start, cancel, restore };
}

function ending(error, signal) {
  if (signal.aborted) {
    return { event: 'cancelled' };
  }
  return { event: 'failure', data: error.problem ?? LOST };
}
