// The first step: makes a connection, tests it, and shows what was reached.

import { useEffect, useMemo, useRef, useState } from 'react';
import { createConnection, testConnection } from '../api/endpoints.js';
import {
  SESSION,
  chooseConnection,
  reloadConnections,
  setReached,
  setSession,
} from '../connection/connections.js';
import { SchemaForm } from '../form/form.jsx';
import { errorAt } from '../form/property-path.js';
import { propertiesOf } from '../form/schema.js';
import { Markdown } from '../docs/markdown.jsx';
import { asSentence } from '../parts/format.js';
import { Chevron } from '../parts/icons.jsx';
import { isNarrow } from '../parts/use-is-narrow.js';
import { Sentence } from '../parts/sentence.jsx';
import { showDialog } from '../state/shown.js';
import { useMembers, useStore } from '../state/store.js';
import { essential } from './essential.js';
import { readSettings } from './settings.js';

export function ConnectCard({ component, error }) {
  const { connectionForm: form, help } = useMembers('work', 'connectionForm', 'help');
  const descriptor = useStore((state) => state.catalog.descriptors[component.address]);
  const [values, setValues] = useState({});
  const [failure, setFailure] = useState();
  const [errors, setErrors] = useState();
  const [isKept, setKept] = useState(true);
  const [isBusy, setBusy] = useState(false);
  const handle = useRef(null);
  const uiSchema = useMemo(() => essential(form, values), [form, values]);
  const environment = descriptor?.connection?.environment ?? [];
  const [example] = environment;

  // On a phone, the focus would open the keyboard over the page.
  const card = useRef(null);
  useEffect(() => {
    if (!isNarrow() && document.activeElement === document.body) {
      card.current.querySelector('input:not([type=hidden])')?.focus({ preventScroll: true });
    }
  }, []);

  const attempt = async (work) => {
    setBusy(true);
    setFailure(undefined);
    setErrors(undefined);
    try {
      await work();
    } catch (caught) {
      const property = caught.problem?.failure?.property;
      if (property) {
        setErrors(errorAt(property, caught.message));
      }
      setFailure(caught.message);
      setBusy(false);
    }
  };
  const save = async (message) => {
    if (isKept) {
      const name = `My ${component.title}`;
      const { id } = await createConnection({ name, component: component.address, values });
      chooseConnection(component.address, id);
      setReached(component.address, message);
      await reloadConnections();
    } else {
      setReached(component.address, message);
      chooseConnection(component.address, SESSION);
      setSession(component.address, values);
    }
    // The card disappears, and the focus with it.
    setTimeout(() => {
      const example = document.querySelector('.examples button');
      (example ?? document.getElementById('connection'))?.focus();
    });
  };
  const connect = () =>
    attempt(async () => {
      const { message } = await testConnection(component.address, values);
      await save(message);
    });

  const paste = (event) => {
    const text = event.clipboardData.getData('text');
    const found = readSettings(text, environment, propertiesOf(form.schema));
    if (found) {
      event.preventDefault();
      setValues({ ...values, ...found });
      setErrors(undefined);
    }
  };

  return (
    <section className="connect" ref={card} aria-labelledby="connect-title" onPaste={paste}>
      <header>
        <h3 id="connect-title">Connect to {component.title}</h3>
        <p className="field-description">
          {example ? (
            <>
              Paste a key, or lines such as <code>{example.name}=…</code>
            </>
          ) : (
            'Enter how to reach the service.'
          )}
        </p>
      </header>
      <SchemaForm
        schema={form.schema}
        uiSchema={uiSchema}
        value={values}
        errors={errors}
        handle={handle}
        idPrefix="connect"
        onChange={(next) => {
          setValues(next);
          setErrors(undefined);
        }}
        onSubmit={connect}
      />
      <div aria-live="polite">
        {(failure ?? error) && (
          <p className="notice notice-bad" id="connection-error" role="alert">
            <Sentence text={asSentence(failure ?? error)} />
          </p>
        )}
      </div>
      <div className="connect-foot">
        <button
          type="button"
          className="button button-primary"
          disabled={isBusy}
          onClick={() => handle.current.submit()}
        >
          {isBusy ? 'Connecting…' : 'Connect'}
        </button>
        {failure && (
          <button type="button" className="button" disabled={isBusy} onClick={() => attempt(save)}>
            Save without a test
          </button>
        )}
        <label className="checkbox">
          <input type="checkbox" checked={isKept} onChange={() => setKept(!isKept)} />
          <span>Store it, encrypted</span>
        </label>
        <span className="spring" />
        <button
          type="button"
          className="button button-plain"
          onClick={() => showDialog({ kind: 'connection' })}
        >
          All options
        </button>
      </div>
      {help && (
        <details className="fold">
          <summary>
            <Chevron /> How to connect
          </summary>
          <Markdown text={help} />
        </details>
      )}
    </section>
  );
}
