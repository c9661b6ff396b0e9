// Slows down changes of a streamed text, so that rendering a long one does not take
// all of the page's time.

import { useEffect, useRef, useState } from 'react';

/** @returns {string} the text, at most some milliseconds old; the whole text once it is complete */
export function useSteady(text, isStreaming) {
  const [shown, setShown] = useState(text);
  const latest = useRef(text);
  latest.current = text;
  useEffect(() => {
    if (!isStreaming) {
      return undefined;
    }
    let timer;
    const update = () => {
      setShown(latest.current);
      // The time to render grows with the length.
      timer = setTimeout(update, 50 + latest.current.length / 100);
    };
    update();
    return () => clearTimeout(timer);
  }, [isStreaming]);
  return isStreaming ? shown : text;
}
