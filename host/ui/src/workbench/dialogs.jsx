// The dialog that is open, if any.

import { CompareDialog } from '../history/compare-dialog.jsx';
import { ConnectionDialog } from '../connection/connection-dialog.jsx';
import { PasteDialog } from '../paste/paste-dialog.jsx';
import { UseInDialog } from '../reuse/use-in-dialog.jsx';
import { closeDialog } from '../state/shown.js';
import { store, useStore } from '../state/store.js';

export function Dialogs({ component }) {
  const dialog = useStore((state) => state.shown.dialog);
  const help = useStore((state) => state.work.help);
  switch (dialog?.kind) {
    case 'connection':
      return (
        <ConnectionDialog
          component={{ address: component.address, title: component.title, help }}
          connection={dialog.connection}
          onClose={() => {
            closeDialog();
            store.change('work', { connectionError: undefined });
          }}
        />
      );
    case 'paste':
      return <PasteDialog onClose={closeDialog} />;
    case 'compare':
      return <CompareDialog onClose={closeDialog} />;
    case 'use':
      return <UseInDialog onClose={closeDialog} />;
    default:
      return null;
  }
}
