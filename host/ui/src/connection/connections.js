// A component's connections: those stored by the service, and one for this
// session, which exists only in the page's memory.

import { useCallback, useEffect, useMemo, useState } from 'react';
import { getConnections } from '../api/endpoints.js';
import { choices } from '../storage.js';

/** The id of the connection that lasts until the user leaves the page. */
export const SESSION = 'session';

/**
 * @typedef {object} Connections
 * @property {{id: string, name: string, values: object, secrets: string[]}[]} stored
 * @property {object | undefined} session the values of the connection in memory
 * @property {string | undefined} chosen an id
 * @property {unknown} value what to send in a request
 */

/** @param {string | undefined} component */
export function useConnections(component) {
  const [all, setAll] = useState([]);
  const [sessions, setSessions] = useState({});
  const [chosenIds, setChosenIds] = useState({});

  const reload = useCallback(async () => {
    setAll(await getConnections());
  }, []);
  useEffect(() => {
    // The page also works without stored connections.
    reload().catch(() => {});
  }, [reload]);

  const session = sessions[component];
  const stored = useMemo(
    () => all.filter((connection) => connection.component === component),
    [all, component],
  );
  const exists = (id) => (id === SESSION ? session : stored.some((other) => other.id === id));
  const wanted = chosenIds[component] ?? choices.get(component);
  const chosen = exists(wanted) ? wanted : wanted === '' ? undefined : stored[0]?.id;

  return {
    stored,
    session,
    chosen,
    value: chosen === SESSION ? session : chosen,
    reload,
    choose: (id) => {
      setChosenIds((ids) => ({ ...ids, [component]: id }));
      choices.put(component, id === SESSION ? undefined : id);
    },
    setSession: (values) => setSessions((before) => ({ ...before, [component]: values })),
  };
}
