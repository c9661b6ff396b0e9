// What a new connection's test reached.

import { setReached } from '../connection/connections.js';
import { asSentence } from '../parts/format.js';
import { Check, Remove } from '../parts/icons.jsx';
import { useStore } from '../state/store.js';

export function Reached({ component }) {
  const message = useStore((state) => state.connections.reached[component.address]);
  return (
    <div aria-live="polite">
      {message && (
        <p className="notice notice-good notice-row">
          <Check /> <span>{asSentence(message)}</span>
          <span className="spring" />
          <button
            type="button"
            className="button-icon"
            aria-label="Dismiss"
            onClick={() => setReached(component.address, undefined)}
          >
            <Remove />
          </button>
        </p>
      )}
    </div>
  );
}
