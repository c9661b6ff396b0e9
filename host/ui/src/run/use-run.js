// The state of a run, updated by its events.

import { useCallback, useReducer, useRef } from 'react';
import { run } from '../api/endpoints.js';
import { ServiceError } from '../api/client.js';

/**
 * @typedef {object} RunState
 * @property {'idle' | 'running' | 'done' | 'failed' | 'cancelled'} status
 * @property {string[]} texts the streamed text of each choice
 * @property {{unit: string, done: number, total?: number}} [progress]
 * @property {{attempt: number, pauseMs: number, reason: string}[]} attempts
 * @property {{id: string, name: string, arguments: unknown, result?: unknown, error?: string}[]} calls
 * @property {object[]} previews files to show until the result arrives
 * @property {{output: unknown, metadata: object}} [outcome]
 * @property {import('../api/client.js').Problem} [problem]
 * @property {object} [input] the input of the run
 */

const IDLE = { status: 'idle', texts: [], attempts: [], calls: [], previews: [] };

function reduce(state, { event, data }) {
  switch (event) {
    case 'start':
      return { ...IDLE, status: 'running', ...data };
    case 'restore':
      return { ...IDLE, ...data };
    case 'delta': {
      const texts = state.texts.slice();
      texts[data.choice] = (texts[data.choice] ?? '') + data.text;
      return { ...state, texts };
    }
    case 'progress':
      return { ...state, progress: data };
    case 'attempt':
      // Discards the text of the failed attempt.
      return { ...state, texts: [], attempts: [...state.attempts, data] };
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

/** @returns the state, and functions that change it */
export function useRun() {
  const [state, dispatch] = useReducer(reduce, IDLE);
  const controller = useRef();

  /** Runs an action; resolves to the event that ended it. */
  const start = useCallback(async (component, action, input, connection) => {
    controller.current?.abort();
    const { signal } = (controller.current = new AbortController());
    dispatch({ event: 'start', data: { input, startedAt: Date.now() } });
    let last;
    try {
      for await (const event of run(component, action, { input, connection }, signal)) {
        last = event;
        dispatch(event);
      }
      if (last?.event !== 'result' && last?.event !== 'failure') {
        throw new ServiceError({ title: 'lost the connection to the service during the run' });
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
  const problem = error.problem ?? {
    title: 'lost the connection to the service during the run',
  };
  return { event: 'failure', data: problem };
}
