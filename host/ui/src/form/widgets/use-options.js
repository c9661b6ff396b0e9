// The current choices of a property, asked for when its list is opened and
// again while something is typed.

import { useContext, useEffect, useRef, useState } from 'react';
import { OptionsContext } from '../options-context.js';

/** How long typing may pause before it is asked, in milliseconds. */
const PAUSE = 200;

/** @param {string | undefined} property undefined if there is nothing to ask */
export function useOptions(property) {
  const ask = useContext(OptionsContext);
  const canAsk = Boolean(ask && property);
  const [state, setState] = useState({});
  const pending = useRef({});

  const stop = () => {
    clearTimeout(pending.current.timer);
    pending.current.controller?.abort();
  };
  useEffect(() => stop, []);

  const load = (search) => {
    if (!canAsk) {
      return;
    }
    stop();
    const controller = new AbortController();
    const send = async () => {
      setState((before) => ({ ...before, isLoading: true }));
      try {
        setState(told(await ask(property, search, controller.signal)));
      } catch (error) {
        if (error.name !== 'AbortError') {
          setState({ note: error.message });
        }
      }
    };
    pending.current = { controller, timer: setTimeout(send, search === '' ? 0 : PAUSE) };
  };
  return { ...state, load };
}

/** A list that is disabled says why; the schema's own choices then remain. */
function told({ disabled, placeholder, options }) {
  return disabled ? { note: placeholder ?? 'the list is not available' } : { options };
}
