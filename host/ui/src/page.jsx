// The whole page: pickers for a connector and an action, and the workbench of the
// chosen action below them.

import { useEffect } from 'react';
import { accessKey } from './api/access.js';
import { sentence } from './api/client.js';
import { reloadConnections } from './connection/connections.js';
import { KeyDialog } from './key-dialog.jsx';
import { linkTo } from './links/link.js';
import { NotFound } from './links/not-found.jsx';
import { followAddress } from './links/route.js';
import { Palette } from './palette/palette.jsx';
import { Boundary } from './parts/boundary.jsx';
import { Picker } from './picker.jsx';
import { actionsOf, loadCatalog, retryWithKey } from './state/catalog.js';
import { drafts, shownRuns } from './state/storage.js';
import { closeDialog, showDialog } from './state/shown.js';
import { store, useStore } from './state/store.js';
import { Workbench } from './workbench/workbench.jsx';

export function Page() {
  const { components, error, keyNote, round } = useStore((state) => state.catalog);
  const address = useStore((state) => state.route?.address);
  const dialog = useStore((state) => state.shown.dialog);

  useEffect(() => {
    accessKey.onAsk((note) => store.change('catalog', { keyNote: note }));
    loadCatalog();
    return followAddress();
  }, []);
  useEffect(() => {
    reloadConnections();
  }, [round]);
  useEffect(() => {
    window.addEventListener('keydown', pressPalette);
    return () => window.removeEventListener('keydown', pressPalette);
  }, []);

  const actions = actionsOf(components);
  const open = address ? actions.find(({ action }) => action.address === address) : actions[0];
  const title = open && `${open.action.title} – ${open.component.title}`;
  useEffect(() => {
    document.title = title ?? 'Connectors';
  }, [title]);

  return (
    <>
      <a className="skip" href="#main" onClick={skip}>
        Skip to the form
      </a>
      <Picker components={components ?? []} open={open} />
      <main id="main" tabIndex={-1}>
        {open && (
          <Boundary
            key={open.action.address}
            message="This form cannot be shown with its current input."
            action="Start with an empty form"
            onReset={() => forget(open.action.address)}
          >
            <Workbench component={open.component} action={open.action} />
          </Boundary>
        )}
        {components?.length > 0 && !open && <NotFound address={address} actions={actions} />}
        {components?.length === 0 && <p className="notice">No connectors found.</p>}
        {error && (
          <p className="notice notice-bad" role="alert">
            {sentence(error)}{' '}
            <button type="button" className="button button-small" onClick={loadCatalog}>
              Try again
            </button>
          </p>
        )}
      </main>
      {dialog?.kind === 'palette' && <Palette onClose={closePalette} />}
      {keyNote !== undefined && (
        <KeyDialog
          note={keyNote}
          onClose={() => store.change('catalog', { keyNote: undefined })}
          onKey={(key) => {
            accessKey.set(key);
            retryWithKey();
          }}
        />
      )}
    </>
  );
}

function pressPalette(event) {
  const isPalette = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey);
  if (isPalette && !document.querySelector('dialog[open]')) {
    event.preventDefault();
    showDialog({ kind: 'palette' });
  }
}

/** An entry of the palette may have opened another dialog. */
function closePalette() {
  if (store.get().shown.dialog?.kind === 'palette') {
    closeDialog();
  }
}

/** Opens an action as if for the first time. */
function forget(address) {
  drafts.put(address, undefined);
  shownRuns.put(address, undefined);
  history.replaceState(null, '', linkTo(address));
  location.reload();
}

/** Moves the focus without changing the URL's fragment, which names the action. */
function skip(event) {
  event.preventDefault();
  document.getElementById('main').focus();
}
