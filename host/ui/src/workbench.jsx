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
import { errorAt } from './form/property-path.js';
import { secretNames, withoutSecrets } from './form/schema.js';
import { sentInput } from './form/sent.js';
import { Tabs } from './parts/tabs.jsx';
import { Request } from './request/request.jsx';
import { Result } from './result/result.jsx';
import { RunBar } from './run/run-bar.jsx';
import { useRun } from './run/use-run.js';
import { drafts, outcomes } from './storage.js';

export function Workbench({ component, action }) {
  const { address } = action;
  const [form, setForm] = useState();
  const [secrets, setSecrets] = useState([]);
  const [help, setHelp] = useState();
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
  /** Shows a failure next to its cause, and moves the focus there. */
  const showFailure = (problem) => {
    const { kind, property } = problem.failure ?? {};
    if (kind === 'unauthorized') {
      setConnectionError(sentence(problem));
      focusLater(() => document.querySelector('#connection-edit, #connection-add')?.focus());
    } else if (property) {
      // Next to the field, its name would be redundant.
      setErrors(errorAt(property, withoutName(sentence(problem), property)));
      focusLater(() => handle.current?.focus(property) || focusFailure());
    } else {
      focusLater(focusFailure);
    }
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
          <Result state={state}>
            <p className="empty">Run the action to see its result here.</p>
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
    [state, component, action, input, connections, secrets],
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

/** Removes the property's name from the beginning of a message. */
function withoutName(message, property) {
  const name = `\`${property}\``;
  return message.startsWith(name) ? message.slice(name.length).replace(/^:? /, '') : message;
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

function focusFailure() {
  document.getElementById('failure')?.focus();
}
