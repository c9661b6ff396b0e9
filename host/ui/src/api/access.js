// The key of a service that wants one. It is kept for the browser's tab only.

const NAME = 'connector:key';

let listener = () => {};

export const accessKey = {
  get: () => sessionStorage.getItem(NAME),
  set: (key) => sessionStorage.setItem(NAME, key),
  /** Tells the page that a request was refused for want of a key. */
  ask: (message) => listener(message),
  /** @param {(message: string) => void} ask */
  onAsk: (ask) => {
    listener = ask;
  },
};
