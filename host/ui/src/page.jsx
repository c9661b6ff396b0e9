// The whole page: pickers for a connector and an action, and the workbench of the
// chosen action below them.

import { useCallback, useEffect, useState } from 'react';
import { accessKey } from './api/access.js';
import { getComponents } from './api/endpoints.js';
import { KeyDialog } from './key-dialog.jsx';
import { Picker } from './picker.jsx';
import { useRoute } from './route.js';
import { Workbench } from './workbench.jsx';

export function Page() {
  const route = useRoute();
  const [components, setComponents] = useState();
  const [error, setError] = useState();
  const [keyNote, setKeyNote] = useState();
  // Once there is a key, everything that was loaded without it is loaded again.
  const [round, setRound] = useState(0);

  const load = useCallback(() => {
    setError(undefined);
    getComponents().then(setComponents, (failure) => setError(failure.message));
  }, []);
  useEffect(() => {
    accessKey.onAsk(setKeyNote);
    load();
  }, [load]);

  const actions = (components ?? []).flatMap((component) =>
    component.actions.map((action) => ({ component, action })),
  );
  const open = actions.find(({ action }) => action.address === route) ?? actions[0];
  useEffect(() => {
    document.title = open ? `${open.action.title} – ${open.component.title}` : 'Connectors';
  }, [open?.action.address]);

  return (
    <>
      <a className="skip" href="#main" onClick={skip}>
        Skip to the form
      </a>
      <Picker components={components ?? []} open={open} />
      <main id="main" tabIndex={-1}>
        {open && (
          <Workbench
            key={`${open.action.address} ${round}`}
            component={open.component}
            action={open.action}
          />
        )}
        {components?.length === 0 && <p className="notice">No connectors found.</p>}
        {error && (
          <p className="notice notice-bad" role="alert">
            {error}{' '}
            <button type="button" className="button button-small" onClick={load}>
              Try again
            </button>
          </p>
        )}
      </main>
      {keyNote !== undefined && (
        <KeyDialog
          note={keyNote}
          onClose={() => setKeyNote(undefined)}
          onKey={(key) => {
            accessKey.set(key);
            setKeyNote(undefined);
            setRound(round + 1);
            load();
          }}
        />
      )}
    </>
  );
}

/** Moves the focus without changing the URL's fragment, which names the action. */
function skip(event) {
  event.preventDefault();
  document.getElementById('main').focus();
}
