// Creates or edits a connection: its name, its values, and a test.

import { useEffect, useRef, useState } from 'react';
import {
  createConnection,
  deleteConnection,
  getConnectionForm,
  replaceConnection,
  testConnection,
} from '../api/endpoints.js';
import { SchemaForm } from '../form/form.jsx';
import { errorAt } from '../form/property-path.js';
import { Dialog } from '../parts/dialog.jsx';
import { asSentence } from '../parts/format.js';
import { Check, Chevron } from '../parts/icons.jsx';
import { Sentence } from '../parts/sentence.jsx';
import { Markdown } from '../docs/markdown.jsx';
import { SESSION, chooseConnection, reloadConnections, setSession } from './connections.js';
import { formFor, sameValues } from './kept-secrets.js';

/**
 * @param {object} props
 * @param {{address: string, title: string, help?: string}} props.component
 * @param {object} [props.connection] the connection to edit; `{id: SESSION, values}` for the session's
 * @param {() => void} props.onClose
 */
export function ConnectionDialog({ component, connection, onClose }) {
  const isStored = connection !== undefined && connection.id !== SESSION;
  const [form, setForm] = useState();
  const [values, setValues] = useState(connection?.values ?? {});
  const [name, setName] = useState(connection?.name ?? `My ${component.title}`);
  const [isKept, setKept] = useState(connection?.id !== SESSION);
  const [outcome, setOutcome] = useState();
  const [errors, setErrors] = useState();
  const [isBusy, setBusy] = useState(false);
  const wanted = useRef('save');
  const handle = useRef(null);

  useEffect(() => {
    const set = ({ schema, uiSchema }) => setForm(formFor(connection, schema, uiSchema));
    getConnectionForm(component.address).then(set, (error) => setOutcome({ error: error.message }));
  }, [component.address, connection]);

  const attempt = async (work) => {
    setBusy(true);
    setErrors(undefined);
    setOutcome(undefined);
    try {
      await work();
    } catch (error) {
      const property = error.problem?.failure?.property;
      if (property) {
        setErrors(errorAt(property, error.message));
      }
      setOutcome({ error: error.message });
    } finally {
      setBusy(false);
    }
  };

  const save = async () => {
    if (!isKept) {
      setSession(component.address, values);
      chooseConnection(component.address, SESSION);
    } else {
      const body = { name, component: component.address, values };
      const saved = await (isStored
        ? replaceConnection(connection.id, body)
        : createConnection(body));
      await reloadConnections();
      chooseConnection(component.address, saved.id);
      return saved.id;
    }
    return undefined;
  };
  // Only the service has the stored secrets, so it must run the test with them.
  const hasKeptSecret = isStored && connection.secrets.some((secret) => !values[secret]);
  const isChanged = isStored && !sameValues(values, connection.values);
  const mustSaveFirst = hasKeptSecret && isChanged;
  const test = async () => {
    const id = mustSaveFirst ? await save() : hasKeptSecret ? connection.id : undefined;
    const { message } = await testConnection(component.address, id ?? values);
    setOutcome({ message });
  };

  const start = (what) => {
    wanted.current = what;
    handle.current.submit();
  };
  const submit = () =>
    attempt(async () => {
      if (wanted.current === 'test') {
        await test();
      } else {
        await save();
        onClose();
      }
    });
  const remove = () =>
    attempt(async () => {
      if (isStored) {
        await deleteConnection(connection.id);
        await reloadConnections();
      } else {
        setSession(component.address, undefined);
      }
      onClose();
    });

  const title = connection ? `Connection to ${component.title}` : `Connect to ${component.title}`;
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="dialog-body">
        {!connection && (
          <fieldset className="choice-row">
            <legend className="hidden">Where to store the connection</legend>
            <Choice isChosen={isKept} onChoose={() => setKept(true)} label="Store it in the service">
              It is encrypted, and its secrets are never shown again.
            </Choice>
            <Choice isChosen={!isKept} onChoose={() => setKept(false)} label="Only for this session">
              It stays in this page’s memory until you leave the page.
            </Choice>
          </fieldset>
        )}
        {isKept && (
          <div className="field">
            <label className="field-label" htmlFor="connection-name">
              Name
            </label>
            <input
              id="connection-name"
              className="input"
              value={name}
              autoComplete="off"
              onChange={({ target }) => setName(target.value)}
            />
          </div>
        )}
        {form && (
          <SchemaForm
            schema={form.schema}
            uiSchema={form.uiSchema}
            value={values}
            errors={errors}
            handle={handle}
            idPrefix="connection"
            onChange={(next) => {
              setValues(next);
              setErrors(undefined);
            }}
            onSubmit={submit}
          />
        )}
        <div aria-live="polite">
          {outcome?.message && (
            <p className="notice notice-good">
              <Check /> {asSentence(outcome.message)}
            </p>
          )}
          {outcome?.error && (
            <p className="notice notice-bad" role="alert">
              <Sentence text={asSentence(outcome.error)} />
            </p>
          )}
        </div>
        {component.help && (
          <details className="fold">
            <summary>
              <Chevron /> How to connect
            </summary>
            <Markdown text={component.help} />
          </details>
        )}
      </div>
      <footer className="dialog-foot">
        {connection && (
          <button type="button" className="button button-danger" disabled={isBusy} onClick={remove}>
            Delete
          </button>
        )}
        <span className="spring" />
        <button
          type="button"
          className="button"
          disabled={isBusy || !form}
          onClick={() => start('test')}
        >
          {mustSaveFirst ? 'Save and test' : 'Test'}
        </button>
        <button
          type="button"
          className="button button-primary"
          disabled={isBusy || !form}
          onClick={() => start('save')}
        >
          {isKept ? 'Save' : 'Use'}
        </button>
      </footer>
    </Dialog>
  );
}

function Choice({ isChosen, onChoose, label, children }) {
  return (
    <label className="choice">
      <input type="radio" name="connection-place" checked={isChosen} onChange={onChoose} />
      <span>
        {label}
        <small>{children}</small>
      </span>
    </label>
  );
}
