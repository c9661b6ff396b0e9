// The history: every run that ended, newest first, with its input and its result.
// Pinned runs are kept; of the others, the oldest make room for new ones.

import { store } from '../state/store.js';
import { database } from './database.js';
import { tokensOf } from './tokens.js';

export const MAX_RUNS = 200;
const MAX_PINNED = 100;

/** Larger results are shown, but not kept, in characters of JSON. */
const MAX_RESULT = 500_000;

/**
 * @typedef {object} Run
 * @property {string} id
 * @property {number} at when it started, in milliseconds
 * @property {string} address of its action
 * @property {string} title of its action
 * @property {string} connector the title of its connector
 * @property {string} [connection] the name of its connection
 * @property {'done' | 'failed' | 'cancelled'} status
 * @property {number} durationMs
 * @property {number} [tokens]
 * @property {object} input without secrets
 * @property {{output: unknown, metadata: object}} [outcome]
 * @property {object} [problem]
 * @property {string[]} [texts] what was streamed before a run failed or was cancelled
 * @property {boolean} [isTooLarge] whether its result was not kept
 * @property {boolean} [isPinned]
 */

let loading;

export function loadHistory() {
  loading ??= load();
  return loading;
}

async function load() {
  const stored = (await database.all()).filter(isRun);
  const { runs } = store.get().history;
  const known = new Set(runs.map(({ id }) => id));
  put([...runs, ...stored.filter(({ id }) => !known.has(id))]);
}

/**
 * Adds a run.
 *
 * @param {object} facts members of a `Run`
 * @param {import('../run/run.js').RunState} state
 * @param {string[]} secrets texts that must not be kept
 * @returns {Run}
 */
export function addRun(facts, state, secrets) {
  const at = state.startedAt;
  const { outcome, problem, status } = state;
  const whole = {
    ...facts,
    id: `${at}-${Math.random().toString(36).slice(2, 8)}`,
    at,
    status,
    durationMs: outcome?.metadata?.durationMs ?? Date.now() - at,
    tokens: tokensOf(outcome?.metadata),
    outcome,
    problem,
    texts: outcome ? undefined : state.texts,
  };
  const run = withoutTexts(small(whole), secrets);
  put([run, ...store.get().history.runs]);
  database.put(run);
  return run;
}

export function togglePin(id) {
  const runs = store
    .get()
    .history.runs.map((run) => (run.id === id ? { ...run, isPinned: !run.isPinned } : run));
  database.put(runs.find((run) => run.id === id));
  put(runs);
}

/** Selects a run to compare; of two that are selected, the first makes room. */
export function toggleCompared(id) {
  const { compared } = store.get().history;
  const next = compared.includes(id)
    ? compared.filter((other) => other !== id)
    : [...compared.slice(-1), id];
  store.change('history', { compared: next });
}

export function clearHistory() {
  store.change('history', { removed: store.get().history.runs, runs: [], compared: [] });
  database.clear();
}

export function undoClear() {
  const { removed = [], runs } = store.get().history;
  removed.forEach(database.put);
  store.change('history', { runs: sorted([...runs, ...removed]), removed: undefined });
}

function put(runs) {
  const ordered = sorted(runs);
  const pinned = ordered.filter((run) => run.isPinned).slice(0, MAX_PINNED);
  const others = ordered.filter((run) => !run.isPinned).slice(0, MAX_RUNS);
  const kept = new Set([...pinned, ...others]);
  for (const run of ordered) {
    if (!kept.has(run)) {
      database.remove(run.id);
    }
  }
  store.change('history', { runs: ordered.filter((run) => kept.has(run)) });
}

const sorted = (runs) => runs.toSorted((one, other) => other.at - one.at);

function small(run) {
  const { outcome, texts, problem, ...rest } = run;
  if (JSON.stringify([outcome, texts, problem]).length <= MAX_RESULT) {
    return run;
  }
  return { ...rest, isTooLarge: true };
}

/** A provider may repeat a secret in its answer or its error. */
function withoutTexts(run, secrets) {
  const json = secrets
    .map((secret) => JSON.stringify(secret).slice(1, -1))
    // A short text may be part of a word or a number.
    .filter((secret) => secret.length >= 6)
    .reduce((text, secret) => text.replaceAll(secret, '****'), JSON.stringify(run));
  return JSON.parse(json);
}

/** Other programs may have written to the database. */
function isRun(run) {
  const isA = (type, names) => names.every((name) => typeof run?.[name] === type);
  const isOptional = (type, name) => [type, 'undefined'].includes(typeof run[name]);
  return (
    isA('string', ['id', 'address', 'title', 'connector']) &&
    isA('number', ['at', 'durationMs']) &&
    isOptional('string', 'connection') &&
    isOptional('number', 'tokens') &&
    !Number.isNaN(new Date(run.at).getTime()) &&
    ['done', 'failed', 'cancelled'].includes(run.status) &&
    typeof run.input === 'object' &&
    run.input !== null
  );
}
