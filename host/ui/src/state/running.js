// Runs of the open action, and what they show.

import { sentence } from '../api/client.js';
import { connectionsOf } from '../connection/connections.js';
import { errorsAt, parsePath } from '../form/property-path.js';
import { propertiesOf, secretsIn, withoutSecrets } from '../form/schema.js';
import { sentInput } from '../form/sent.js';
import { addRun } from '../history/runs.js';
import { placesOf } from '../result/failure/place.js';
import { IDLE, cancelRun, startRun } from '../run/run.js';
import { showTab } from './shown.js';
import { shownRuns } from './storage.js';
import { store } from './store.js';

const work = () => store.get().work;

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
