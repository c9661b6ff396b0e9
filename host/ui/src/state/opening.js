// Opens an action: its form, its draft or the input of a link, and its last run.

import { getActionForm, getConnectionForm } from '../api/endpoints.js';
import { secretNames } from '../form/schema.js';
import { loadHistory } from '../history/runs.js';
import { cancelPending, go } from '../links/route.js';
import { sharedInput } from '../links/shared-input.js';
import { IDLE, runningState } from '../run/run.js';
import { descriptorOf } from './catalog.js';
import { draftOf, fill, showInAddress } from './input.js';
import { showRun } from './running.js';
import { showTab } from './shown.js';
import { shownRuns } from './storage.js';
import { store } from './store.js';

const work = () => store.get().work;

/**
 * Loads an action, and fills its form from the link or the latest draft.
 *
 * @param {object} component
 * @param {object} action
 * @param {import('../links/link.js').Link} link
 */
export async function openAction(component, action, link) {
  const { address } = action;
  cancelPending();
  store.change('work', { ...EMPTY, address, component, action });
  try {
    const [form, connectionForm, descriptor] = await Promise.all([
      getActionForm(component.address, action.name),
      getConnectionForm(component.address),
      descriptorOf(component.address),
      loadHistory(),
    ]);
    if (work().address !== address) {
      return;
    }
    store.change('work', {
      form,
      connectionForm,
      secrets: secretNames(connectionForm.schema),
      help: descriptor.connection?.help,
      details: descriptor.actions.find(({ name }) => name === action.name) ?? {},
      input: draftOf(address, form.schema),
    });
    openLink(link);
    showInAddress();
    restore(address);
    takeNext(address)?.();
  } catch (error) {
    if (work().address === address) {
      store.change('work', { loadError: error.message });
    }
  }
}

/** Called when no action is open any more, for example because an address is wrong. */
export const closeAction = () => store.change('work', { ...EMPTY, address: undefined });

let next;

/** Does something once an action is open. */
export function openThen(address, then) {
  if (work().address === address && work().form) {
    then();
  } else {
    next = { address, work: then };
    go(address);
  }
}

function takeNext(address) {
  const taken = next?.address === address ? next.work : undefined;
  next = undefined;
  return taken;
}

const EMPTY = {
  form: undefined,
  connectionForm: undefined,
  secrets: [],
  help: undefined,
  details: {},
  loadError: undefined,
  input: undefined,
  cleared: undefined,
  notice: undefined,
  errors: undefined,
  connectionError: undefined,
  focus: undefined,
  run: IDLE,
  shownRun: undefined,
};

/** Applies the input of a link to the open action. */
export function openLink(link) {
  const { form, input } = work();
  if (link?.isBroken) {
    store.change('work', {
      notice: { text: 'The link’s input is not valid JSON, so it was ignored.' },
    });
  }
  if (!link?.input || !form || link.isOwn) {
    return;
  }
  if (JSON.stringify(sharedInput(form.schema, input)) !== JSON.stringify(link.input)) {
    fill(link.input, 'Filled in from the link.');
  }
}

function restore(address) {
  const running = runningState(address);
  const id = shownRuns.get(address);
  const last = store.get().history.runs.find((run) => run.id === id);
  if (running) {
    store.change('work', { run: running });
  } else if (last) {
    const { tab } = store.get().shown;
    showRun(last);
    showTab(tab);
  }
}
