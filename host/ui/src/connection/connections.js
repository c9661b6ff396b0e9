// The connections of a component: those that the service keeps, and one for
// this session that only the page's memory holds.

import { useCallback, useEffect, useMemo, useState } from 'react';
import { getConnections } from '../api/endpoints.js';
import { choices } from '../storage.js';

/** The id of the connection that only lasts until the page is left. */
export const SESSION = 'session';

/**
 * @typedef {object} Connections
 * @property {{id: string, name: string, values: object, secrets: string[]}[]} stored
 * @property {object | undefined} session the values of the one in memory
 * @property {string | undefined} chosen an id
 * @property {unknown} value what a request carries
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
    // A service without stored connections works all the same.
    reload().catch(() => {});
  }, [reload]);

  const session = sessions[component];
  const stored = useMemo(
    () => all.filter((connection) => connection.component === component),
    [all, component],
  );
  const isThere = (id) => (id === SESSION ? session : stored.some((other) => other.id === id));
  const wanted = chosenIds[component] ?? choices.get(component);
  const chosen = isThere(wanted) ? wanted : wanted === '' ? undefined : stored[0]?.id;

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
