// Which action is open: the address behind the `#`, so that it can be
// bookmarked and outlives a reload.

import { useEffect, useState } from 'react';

/** @returns {string} such as `openai/v1/ask` */
export function useRoute() {
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const update = () => setRoute(read());
    window.addEventListener('hashchange', update);
    return () => window.removeEventListener('hashchange', update);
  }, []);
  return route;
}

const read = () => decodeURI(location.hash.slice(1));

/** The address of a page on which an action is open. */
export const hrefOf = (address) => `#${encodeURI(address)}`;
