// Whether the screen is too narrow for two columns.

import { useSyncExternalStore } from 'react';

const query = window.matchMedia('(max-width: 860px)');

const subscribe = (listener) => {
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
};

export const isNarrow = () => query.matches;

export const useIsNarrow = () => useSyncExternalStore(subscribe, isNarrow);
