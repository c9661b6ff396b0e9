// The open action, whose address is in the URL's fragment, where it survives reloads
// and can be bookmarked.

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

/** A link that opens an action. */
export const hrefOf = (address) => `#${encodeURI(address)}`;
