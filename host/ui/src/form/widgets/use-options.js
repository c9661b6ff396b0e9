// Requests the dynamic options of a property when its list is opened, and again
// while the user types.

import { useContext, useEffect, useRef, useState } from 'react';
import { OptionsContext } from '../options-context.js';

/** How long to wait after a keystroke before sending a request, in milliseconds. */
const PAUSE = 200;

/** @param {string | undefined} property undefined if it has no dynamic options */
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
        setState(stateOf(await ask(property, search, controller.signal)));
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

/** If options are disabled, shows the reason and keeps the schema's own choices. */
function stateOf({ disabled, placeholder, options }) {
  return disabled ? { note: placeholder ?? 'options are not available' } : { options };
}
