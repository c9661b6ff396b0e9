// The page's one store. Modules that change a slice of it are next to the subject
// (`history/runs.js`, `connection/connections.js` …); components only read it.

import { useRef, useSyncExternalStore } from 'react';
import { isNarrow } from '../parts/use-is-narrow.js';

/** @typedef {'catalog' | 'connections' | 'route' | 'work' | 'history' | 'shown'} Slice */

let state = {
  catalog: {
    components: undefined,
    error: undefined,
    keyNote: undefined,
    round: 0,
    descriptors: {},
  },
  connections: { all: undefined, sessions: {}, chosenIds: {}, reached: {} },
  route: undefined,
  work: {},
  history: { runs: [], compared: [], removed: undefined },
  shown: {
    dialog: undefined,
    tab: isNarrow() ? 'form' : 'result',
    isJson: false,
    isOnlyChanged: true,
    isRaw: false,
    language: undefined,
  },
};
const listeners = new Set();

export const store = {
  get: () => state,

  /** Replaces members of a slice. */
  change(slice, members) {
    state = { ...state, [slice]: { ...state[slice], ...members } };
    for (const listener of listeners) {
      listener();
    }
  },

  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** Reads a slice, or a value in it, which must not be created by the selector. */
export function useStore(select) {
  return useSyncExternalStore(store.subscribe, () => select(state));
}

/**
 * Reads members of a slice. The component is rendered again only if one of them
 * changes: a stream changes the slice `work` many times a second.
 */
export function useMembers(slice, ...names) {
  const last = useRef();
  return useSyncExternalStore(store.subscribe, () => {
    const now = state[slice];
    if (!last.current || names.some((name) => last.current[name] !== now[name])) {
      last.current = Object.fromEntries(names.map((name) => [name, now[name]]));
    }
    return last.current;
  });
}
