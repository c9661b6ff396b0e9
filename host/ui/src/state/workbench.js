// What the user does with an action: open it, fill in its form, run it.

import { getActionForm, getConnectionForm } from '../api/endpoints.js';
import { connectionsOf } from '../connection/connections.js';
import { fitted } from '../form/fitting.js';
import { initialInput } from '../form/initial.js';
import { propertiesOf, secretNames, secretsIn, withSecretsOf, withoutSecrets } from '../form/schema.js';
import { sentInput } from '../form/sent.js';
import { addRun, loadHistory } from '../history/runs.js';
import { linkTo } from '../links/link.js';
import { sentence } from '../api/client.js';
import { errorsAt, parsePath } from '../form/property-path.js';
import { cancelPending, go, showLink } from '../links/route.js';
import { sharedInput } from '../links/shared-input.js';
import { placesOf } from '../result/failure/place.js';
import { IDLE, cancelRun, runningState, startRun } from '../run/run.js';
import { descriptorOf } from './catalog.js';
import { drafts, shownRuns } from './storage.js';
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
    store.change('work', { notice: { text: 'The link’s input is not valid JSON, so it was ignored.' } });
  }
  if (!link?.input || !form || link.isOwn) {
    return;
  }
  if (JSON.stringify(sharedInput(form.schema, input)) !== JSON.stringify(link.input)) {
    fill(link.input, 'Filled in from the link.');
  }
}

/** The stored draft of an action, or an empty form. */
export function draftOf(address, schema) {
  const draft = drafts.get(address);
  return draft === undefined ? initialInput(schema) : fitted(schema, draft).value;
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

/** Changes the input, as the user does by typing. */
export function changeInput(input) {
  const { address, form } = work();
  const stored = withoutSecrets(form.schema, input);
  store.change('work', { input, errors: undefined, cleared: undefined });
  drafts.put(address, stored);
  showInAddress();
}

function showInAddress() {
  const { address, form, input } = work();
  showLink(linkTo(address, sharedInput(form.schema, input)));
}

/**
 * Fills in the form from somewhere else, and offers to undo that.
 *
 * @param {object} value
 * @param {string} text where the values come from
 * @returns {string[]} the paths of values that do not fit
 */
export function fill(value, text) {
  const { form, input } = work();
  const { value: next, dropped } = fitted(form.schema, value);
  changeInput({ ...initialInput(form.schema), ...next });
  const rest = dropped.length > 0 ? ` Left out: ${dropped.slice(0, 5).join(', ')}.` : '';
  store.change('work', { notice: { text: text + rest, undo: input } });
  return dropped;
}

export function undoFill() {
  const { notice } = work();
  changeInput(notice.undo);
  store.change('work', { notice: undefined });
}

export const dismissNotice = () => store.change('work', { notice: undefined });

/** Changes everything but the secrets, which only the form shows. */
export function changeVisible(value) {
  const { form, input } = work();
  changeInput(withSecretsOf(form.schema, value, input));
}

/** Clears the form or, right afterwards, undoes that. */
export function clear() {
  const { cleared, form, input } = work();
  changeInput(cleared ?? initialInput(form.schema));
  store.change('work', { cleared: cleared ? undefined : input, notice: undefined });
}

/** Runs the action, and adds the run to the history. */
export async function runAction() {
  const { address, component, action, form, secrets, connectionForm } = work();
  const input = sentInput(work().input);
  const connections = connectionsOf(component.address, store.get().connections);
  store.change('work', { errors: undefined, connectionError: undefined, shownRun: undefined });
  showTab('result');
  const { last, state } = await startRun(component.address, action.name, {
    input,
    connection: connections.value,
  });
  const facts = {
    address,
    title: action.title,
    connector: component.title,
    connection: connections.name,
    input: withoutSecrets(form.schema, input),
  };
  const hidden = [
    ...secretsIn(form.schema, input),
    ...secretsIn(connectionForm.schema, connections.session ?? {}),
    ...secrets.map((name) => connections.session?.[name]).filter((one) => typeof one === 'string'),
  ];
  const run = addRun(facts, state, hidden);
  shownRuns.put(address, run.id);
  if (work().address === address && work().run === state) {
    store.change('work', { shownRun: run.id });
    if (last.event === 'failure') {
      showFailure(last.data);
    }
  }
}

/** Shows a failure next to its cause, and moves the focus there. */
function showFailure(problem) {
  const properties = propertiesOf(work().form.schema);
  const hasField = (property) => parsePath(property)[0] in properties;
  const { fields, isConnection } = placesOf(problem, hasField);
  if (isConnection) {
    store.change('work', { connectionError: sentence(problem) });
    focusOn({ on: 'connection' });
  } else if (fields.length > 0) {
    store.change('work', { errors: errorsAt(fields) });
    focusOn({ on: 'property', property: fields[0].property });
  } else {
    focusOn({ on: 'failure' });
  }
}

/** @param {{on: 'connection' | 'property' | 'failure', property?: string}} focus */
export const focusOn = (focus) => store.change('work', { focus });

export const cancel = () => cancelRun(work().address);

/** Shows the result of a past run of the open action. */
export function showRun(run) {
  const { status, outcome, problem, texts = [], input, at, isTooLarge } = run;
  const state = { ...IDLE, status, outcome, problem, texts, input, startedAt: at, isTooLarge };
  store.change('work', { run: state, shownRun: run.id });
  shownRuns.put(run.address, run.id);
  showTab('result');
}

/** Edits the input as JSON or as a form, whose controls need values that fit. */
export function showInput(isJson) {
  const { form, input } = work();
  if (!isJson) {
    const { value, dropped } = fitted(form.schema, input);
    if (dropped.length > 0) {
      changeInput(value);
      const text = `The form cannot show ${dropped.slice(0, 5).join(', ')}.`;
      store.change('work', { notice: { text, undo: input } });
    }
  }
  store.change('shown', { isJson });
}

export const showTab = (tab) => store.change('shown', { tab });
export const showDialog = (dialog) => store.change('shown', { dialog });
export const closeDialog = () => store.change('shown', { dialog: undefined });
