// The route: which link is open. It changes when the user follows a link, and the
// address bar follows what the user types.

import { store } from '../state/store.js';
import { linkTo, readLink } from './link.js';

/** How long the user must stop typing before the address changes, in milliseconds. */
const PAUSE = 400;

export function followAddress() {
  // What the page wrote itself may be older than the draft.
  const isOwn = () => Boolean(history.state?.isOwn);
  const update = () => store.change('route', { ...readLink(location.hash), isOwn: isOwn() });
  window.addEventListener('hashchange', update);
  update();
  return () => window.removeEventListener('hashchange', update);
}

/** Opens an action as a link would. */
export function go(address) {
  cancelPending();
  location.hash = linkTo(address);
}

let timer;

/** Shows a link in the address bar, without a new entry in the browser's history. */
export function showLink(link) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (location.hash !== link) {
      history.replaceState({ isOwn: true }, '', link);
    }
  }, PAUSE);
}

/** A link that is still to be shown belongs to the action that the user leaves. */
export function cancelPending() {
  clearTimeout(timer);
}
