// The route: which link is open. It changes when the user follows a link, and the
// address bar follows what the user types.

import { store } from '../state/store.js';
import { linkTo, readLink } from './link.js';

/** How long the user must stop typing before the address changes, in milliseconds. */
const PAUSE = 400;

export function followAddress() {
  // On a reload, what the page wrote itself may be older than the draft.
  const isOwn = Boolean(history.state?.isOwn);
  const update = () => store.change('route', { ...readLink(location.hash), isOwn: false });
  window.addEventListener('hashchange', update);
  // Whoever follows a link leaves the field first.
  window.addEventListener('focusout', showNow);
  store.change('route', { ...readLink(location.hash), isOwn });
  return () => {
    window.removeEventListener('hashchange', update);
    window.removeEventListener('focusout', showNow);
  };
}

/** Opens an action as a link would. */
export function go(address) {
  showNow();
  location.hash = linkTo(address);
}

let timer;
let pending;

/** Shows a link in the address bar, without a new entry in the browser's history. */
export function showLink(link) {
  pending = link;
  clearTimeout(timer);
  timer = setTimeout(showNow, PAUSE);
}

function showNow() {
  if (pending !== undefined && location.hash !== pending) {
    history.replaceState({ isOwn: true }, '', pending);
  }
  cancelPending();
}

/** A link that is still to be shown belongs to the action that the user leaves. */
export function cancelPending() {
  clearTimeout(timer);
  pending = undefined;
}
