// The page's one store. Modules that change a slice of it are next to the subject
// (`history/runs.js`, `connection/connections.js` …); components only read it.

import { useSyncExternalStore } from 'react';
import { isNarrow } from '../parts/use-is-narrow.js';

/** @typedef {'catalog' | 'connections' | 'route' | 'work' | 'history' | 'shown'} Slice */

let state = {
  catalog: { components: undefined, error: undefined, keyNote: undefined, round: 0, descriptors: {} },
  connections: { all: undefined, sessions: {}, chosenIds: {}, reached: {} },
  route: undefined,
  work: {},
  history: { runs: [], compared: [], removed: undefined },
  shown: { dialog: undefined, tab: isNarrow() ? 'form' : 'result', isJson: false, isOnlyChanged: true, isRaw: false },
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
