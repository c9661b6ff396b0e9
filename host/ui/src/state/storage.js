// What the browser stores, so that nothing is lost on a reload. The page also works
// if storage is full or disabled.

/** Stores a value, or removes it if it is undefined. */
function put(storage, name, value) {
  try {
    if (value === undefined) {
      storage.removeItem(name);
    } else {
      storage.setItem(name, JSON.stringify(value));
    }
  } catch {
    // Nothing depends on it.
  }
}

function get(storage, name) {
  try {
    return JSON.parse(storage.getItem(name)) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The latest draft of an action's input: this tab's own or, in a new tab, any. */
export const drafts = {
  get: (address) =>
    get(sessionStorage, `connector:draft:${address}`) ??
    get(localStorage, `connector:draft:${address}`),
  put: (address, input) => {
    put(sessionStorage, `connector:draft:${address}`, input);
    put(localStorage, `connector:draft:${address}`, input);
  },
};

/** The id of the stored connection last chosen for a component. */
export const choices = {
  get: (component) => get(localStorage, `connector:connection:${component}`),
  put: (component, id) => put(localStorage, `connector:connection:${component}`, id),
};

/** The id of the run that this tab shows for an action; the run is in the history. */
export const shownRuns = {
  get: (address) => get(sessionStorage, `connector:run:${address}`),
  put: (address, id) => put(sessionStorage, `connector:run:${address}`, id),
};
