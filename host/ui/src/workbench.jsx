// The workbench of an action: connection and form on one side, result, request and
// docs on the other.

import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { getActionForm, getConnectionForm, getDescriptor, getOptions } from './api/endpoints.js';
import { sentence } from './api/client.js';
import { ConnectionBar } from './connection/connection-bar.jsx';
import { ConnectionDialog } from './connection/connection-dialog.jsx';
import { SESSION, useConnections } from './connection/connections.js';
import { Docs } from './docs/docs.jsx';
import { SchemaForm } from './form/form.jsx';
import { initialInput } from './form/initial.js';
import { OptionsContext } from './form/options-context.js';
import { errorsAt, parsePath } from './form/property-path.js';
import { propertiesOf, secretNames, withoutSecrets } from './form/schema.js';
import { sentInput } from './form/sent.js';
import { Tabs } from './parts/tabs.jsx';
import { Request } from './request/request.jsx';
import { EmptyResult } from './result/empty.jsx';
import { placesOf } from './result/failure/place.js';
import { shapesOf } from './result/reading/shape.js';
import { Result } from './result/result.jsx';
import { RunBar } from './run/run-bar.jsx';
import { useRun } from './run/use-run.js';
import { drafts, outcomes } from './storage.js';

export function Workbench({ component, action }) {
  const { address } = action;
  const [form, setForm] = useState();
  const [secrets, setSecrets] = useState([]);
  const [help, setHelp] = useState();
  const [shapes, setShapes] = useState();
  const [loadError, setLoadError] = useState();
  const [input, setInput] = useState();
  const [cleared, setCleared] = useState();
  const [errors, setErrors] = useState();
  const [connectionError, setConnectionError] = useState();
  const [dialog, setDialog] = useState();
  const [tab, setTab] = useState('docs');
  const connections = useConnections(component.address);
  const { state, start, cancel, restore } = useRun();
  const handle = useRef(null);

  useEffect(() => {
    const load = async () => {
      const [actionForm, connectionForm, descriptor] = await Promise.all([
        getActionForm(component.address, action.name),
        getConnectionForm(component.address),
        getDescriptor(component.address),
      ]);
      setSecrets(secretNames(connectionForm.schema));
      setHelp(descriptor.connection?.help);
      setShapes(shapesOf(descriptor, action.name));
      setInput(drafts.get(address) ?? initialInput(actionForm.schema));
      setForm(actionForm);
    };
    load().catch((error) => setLoadError(error.message));
    const before = outcomes.get(address);
    restore(before);
    if (before) {
      setTab('result');
    }
  }, [component.address, action.name, address, restore]);

  const change = (next) => {
    setInput(next);
    setErrors(undefined);
    setCleared(undefined);
    drafts.put(address, withoutSecrets(form.schema, next));
  };
  const clear = () => {
    const next = cleared ?? initialInput(form.schema);
    change(next);
    setCleared(cleared ? undefined : input);
  };

  const run = async () => {
    setErrors(undefined);
    setConnectionError(undefined);
    setTab('result');
    showOutcome();
    const sent = sentInput(input);
    const ended = await start(component.address, action.name, sent, connections.value);
    if (ended.event === 'failure') {
      outcomes.put(address, undefined);
      showFailure(ended.data);
    } else if (ended.event === 'result') {
      outcomes.put(address, { status: 'done', input: sent, outcome: ended.data });
    }
  };
  const hasField = (property) => parsePath(property)[0] in propertiesOf(form.schema);
  /** Shows a failure next to its cause, and moves the focus there. */
  const showFailure = (problem) => {
    const { fields, isConnection } = placesOf(problem, hasField);
    setErrors(errorsAt(fields));
    if (isConnection) {
      setConnectionError(sentence(problem));
      focusLater(focusConnection);
    } else if (fields.length > 0) {
      const [{ property }] = fields;
      focusLater(() => handle.current?.focus(property) || focusFailure());
    } else {
      focusLater(focusFailure);
    }
  };
  const formOfResult = {
    hasField,
    labelOf: (property) => propertiesOf(form.schema)[property]?.title ?? property,
    show: (property) => handle.current?.focus(property),
    showConnection: focusConnection,
    run: () => handle.current.submit(),
  };

  // Controls request options long after they were rendered, and need current values.
  const latest = useRef();
  latest.current = { input: sentInput(input), connection: connections.value };
  const options = useCallback(
    (property, search, signal) =>
      getOptions(component.address, action.name, property, { ...latest.current, search }, signal),
    [component.address, action.name],
  );

  const press = (event) => {
    const wantsRun = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
    if (wantsRun && state.status !== 'running') {
      event.preventDefault();
      handle.current.submit();
    }
  };

  const tabs = useMemo(
    () => [
      {
        id: 'result',
        label: 'Result',
        content: (
          <Result state={state} shapes={shapes} form={formOfResult}>
            <EmptyResult title={action.title} />
          </Result>
        ),
      },
      {
        id: 'request',
        label: 'Request',
        content: (
          <Request
            component={component.address}
            action={action.name}
            input={sentInput(input)}
            connections={connections}
            secrets={secrets}
          />
        ),
      },
      {
        id: 'docs',
        label: 'Docs',
        content: <Docs component={component.address} title={action.title} />,
      },
    ],
    [state, shapes, form, component, action, input, connections, secrets],
  );

  if (loadError) {
    return (
      <p className="notice notice-bad" role="alert">
        {loadError}
      </p>
    );
  }
  if (!form) {
    return <p className="notice">Loading…</p>;
  }
  const edited =
    connections.chosen === SESSION
      ? { id: SESSION, values: connections.session }
      : connections.stored.find(({ id }) => id === connections.chosen);
  return (
    <div className="workbench">
      <div className="side" onKeyDown={press}>
        <header className="action-head">
          <h2>{action.title}</h2>
          <p>{action.description}</p>
        </header>
        <ConnectionBar
          connections={connections}
          error={connectionError}
          onEdit={() => setDialog({ connection: edited })}
          onAdd={() => setDialog({})}
        />
        <OptionsContext value={options}>
          <SchemaForm
            schema={form.schema}
            uiSchema={form.uiSchema}
            value={input}
            errors={errors}
            handle={handle}
            onChange={change}
            onSubmit={run}
          />
        </OptionsContext>
        <RunBar
          state={state}
          onRun={() => handle.current.submit()}
          onCancel={cancel}
          onClear={clear}
          clearLabel={cleared ? 'Undo clear' : 'Clear'}
        />
      </div>
      <aside className="side outcome" aria-label="Result, request and docs">
        <Tabs tabs={tabs} current={tab} onChange={setTab} />
      </aside>
      {dialog && (
        <ConnectionDialog
          component={{ address: component.address, title: component.title, help }}
          connection={dialog.connection}
          connections={connections}
          onClose={() => {
            setDialog(undefined);
            setConnectionError(undefined);
          }}
        />
      )}
    </div>
  );
}

/** Scrolls to the outcome, which is below the form on a phone. */
function showOutcome() {
  const outcome = document.querySelector('.outcome');
  if (outcome.getBoundingClientRect().top > window.innerHeight * 0.8) {
    outcome.scrollIntoView({ behavior: 'smooth' });
  }
}

/** Moves the focus after the next render, when its target exists. */
function focusLater(focus) {
  setTimeout(focus);
}

function focusConnection() {
  document.querySelector('#connection-edit, #connection-add')?.focus();
}

function focusFailure() {
  document.getElementById('failure')?.focus();
}
