// A component's connections: those stored by the service, and one for this
// session, which exists only in the page's memory.

import { useMemo } from 'react';
import { getConnections } from '../api/endpoints.js';
import { choices } from '../state/storage.js';
import { store, useStore } from '../state/store.js';

/** The id of the connection that lasts until the user leaves the page. */
export const SESSION = 'session';

/**
 * @typedef {object} Connections
 * @property {boolean} isLoaded
 * @property {{id: string, name: string, values: object, secrets: string[]}[]} stored
 * @property {object | undefined} session the values of the connection in memory
 * @property {string | undefined} chosen an id
 * @property {string} name the name of the chosen connection
 * @property {unknown} value what to send in a request
 */

export async function reloadConnections() {
  try {
    store.change('connections', { all: await getConnections() });
  } catch {
    // The page also works without stored connections.
    store.change('connections', { all: [] });
  }
}

export function chooseConnection(component, id) {
  const { chosenIds } = store.get().connections;
  store.change('connections', { chosenIds: { ...chosenIds, [component]: id } });
  choices.put(component, id === SESSION ? undefined : id);
}

export function setSession(component, values) {
  const { sessions } = store.get().connections;
  store.change('connections', { sessions: { ...sessions, [component]: values } });
}

/** Remembers what a connection's test reached, to show it when the card has gone. */
export function setReached(component, message) {
  const { reached } = store.get().connections;
  store.change('connections', { reached: { ...reached, [component]: message } });
}

/** @returns {Connections} */
export function connectionsOf(component, { all, sessions, chosenIds }) {
  const session = sessions[component];
  const stored = (all ?? []).filter((connection) => connection.component === component);
  const exists = (id) => (id === SESSION ? session : stored.some((other) => other.id === id));
  const wanted = chosenIds[component] ?? choices.get(component);
  const chosen = exists(wanted) ? wanted : wanted === '' ? undefined : stored[0]?.id;
  const name = chosen === SESSION ? 'This session' : stored.find(({ id }) => id === chosen)?.name;
  return {
    isLoaded: all !== undefined,
    stored,
    session,
    chosen,
    name,
    value: chosen === SESSION ? session : chosen,
  };
}

/** @param {string} component */
export function useConnections(component) {
  const slice = useStore((state) => state.connections);
  return useMemo(() => connectionsOf(component, slice), [component, slice]);
}
