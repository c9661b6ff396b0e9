// The API key of a service that requires one, kept until the browser tab is closed.

const NAME = 'connector:key';

let listener = () => {};

export const accessKey = {
  get: () => sessionStorage.getItem(NAME),
  set: (key) => sessionStorage.setItem(NAME, key),
  /** Notifies the page that a request was refused because it lacks a valid key. */
  ask: (message) => listener(message),
  /** @param {(message: string) => void} ask shows the dialog */
  onAsk: (ask) => {
    listener = ask;
  },
};
