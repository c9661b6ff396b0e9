// What the browser keeps, so that nothing is lost on reload. Storage may be
// full or forbidden; the page then works without.

/** Keeps a value, or forgets it if it is undefined. */
function put(storage, name, value) {
  try {
    if (value === undefined) {
      storage.removeItem(name);
    } else {
      storage.setItem(name, JSON.stringify(value));
    }
  } catch {
    // It was kept for comfort only.
  }
}

function get(storage, name) {
  try {
    return JSON.parse(storage.getItem(name)) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The input of an action as it was last typed. */
export const drafts = {
  get: (address) => get(localStorage, `connector:draft:${address}`),
  put: (address, input) => put(localStorage, `connector:draft:${address}`, input),
};

/** The id of the stored connection that was last chosen for a component. */
export const choices = {
  get: (component) => get(localStorage, `connector:connection:${component}`),
  put: (component, id) => put(localStorage, `connector:connection:${component}`, id),
};

/** How an action's last run ended. Outputs may be large: only for this tab. */
export const outcomes = {
  get: (address) => get(sessionStorage, `connector:outcome:${address}`),
  put: (address, ended) => put(sessionStorage, `connector:outcome:${address}`, ended),
};
