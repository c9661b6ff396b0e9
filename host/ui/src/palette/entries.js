// What the palette finds.

import { focusProperty } from '../form/property-path.js';
import { propertiesOf } from '../form/schema.js';
import { openRun } from '../history/open-run.js';
import { summaryOf } from '../history/summary.js';
import { formatDay, formatTime } from '../history/time.js';
import { clearHistory } from '../history/runs.js';
import { go } from '../links/route.js';
import { isNarrow } from '../parts/use-is-narrow.js';
import { actionsOf } from '../state/catalog.js';
import { clear, showInput } from '../state/input.js';
import { showDialog, showTab } from '../state/shown.js';
import { store } from '../state/store.js';

/** @returns {{key: string, kind: string, title: string, name?: string, note?: string,
 *   open: () => void}[]} */
export function entriesOf({ catalog, work, history }) {
  const { address } = work;
  const actions = actionsOf(catalog.components)
    .filter(({ action }) => action.address !== address)
    .map(({ component, action }) => ({
      key: action.address,
      kind: component.title,
      title: action.title,
      note: action.description,
      open: () => go(action.address),
    }));
  const connectors = (catalog.components ?? []).map((component) => ({
    key: component.address,
    kind: 'Connector',
    title: component.title,
    note: component.description,
    open: () => go(component.actions[0].address),
  }));
  const fields = Object.entries(propertiesOf(work.form?.schema ?? {})).map(([name, property]) => ({
    key: `field ${name}`,
    kind: 'Field',
    title: property.title ?? name,
    name,
    note: [property['x-group'], property.description].filter(Boolean).join(' · '),
    open: () => openField(name),
  }));
  const runs = history.runs.slice(0, 100).map((run) => ({
    key: run.id,
    kind: 'Run',
    title: summaryOf(run),
    note: `${run.title} · ${formatDay(run.at)}, ${formatTime(run.at)}`,
    open: () => openRun(run),
  }));
  return [...actions, ...connectors, ...fields, ...runs, ...(work.form ? COMMANDS : [])];
}

const COMMANDS = [
  ['New connection', () => showDialog({ kind: 'connection' })],
  ['Paste JSON or curl', () => showDialog({ kind: 'paste' })],
  ['Edit the input as JSON', () => openInput(true)],
  ['Edit the input as a form', () => openInput(false)],
  ['Show the result', () => openTab('result')],
  ['Show the history', () => openTab('history')],
  ['Show the code', () => openTab('code')],
  ['Show the docs', () => openTab('docs')],
  ['Clear the form', clear],
  ['Clear the history', clearHistory],
].map(([title, open]) => ({ key: title, kind: 'Command', title, open }));

function openTab(tab) {
  showTab(tab);
  setTimeout(() => document.getElementById(`tab-${tab}`)?.focus());
}

function openInput(isJson) {
  showInput(isJson);
  if (isNarrow()) {
    showTab('form');
  }
}

/** A condition may hide a field; then the field that the condition is about is shown. */
function openField(name) {
  openInput(false);
  const { form } = store.get().work;
  const condition = propertiesOf(form.schema)[name]['x-condition']?.property;
  setTimeout(() => {
    const element = document.getElementById('root-form');
    if (!focusProperty(element, 'root', [name]) && condition) {
      focusProperty(element, 'root', [condition]);
    }
  }, 50);
}
