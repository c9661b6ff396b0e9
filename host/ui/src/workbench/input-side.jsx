// The input of an action: as a form or as JSON, with the connection above it.

import { useCallback, useMemo, useRef } from 'react';
import { getOptions } from '../api/endpoints.js';
import { ConnectionBar } from '../connection/connection-bar.jsx';
import { SESSION } from '../connection/connections.js';
import { ConnectCard } from '../first-steps/connect-card.jsx';
import { Examples } from '../first-steps/examples.jsx';
import { Reached } from '../first-steps/reached.jsx';
import { SchemaForm } from '../form/form.jsx';
import { OptionsContext } from '../form/options-context.js';
import { withMainText } from '../form/main-text.js';
import { sentInput } from '../form/sent.js';
import { JsonInput } from '../json/json-input.jsx';
import { CopyLink } from '../links/copy-link.jsx';
import { changeInput } from '../state/input.js';
import { runAction } from '../state/running.js';
import { showDialog } from '../state/shown.js';
import { useMembers, useStore } from '../state/store.js';
import { Notice } from './notice.jsx';
import { Toolbar } from './toolbar.jsx';

export function InputSide({ connections, handle }) {
  const { component, action, form, input, errors, connectionError, details } = useMembers(
    'work',
    'component',
    'action',
    'form',
    'input',
    'errors',
    'connectionError',
    'details',
  );
  const isJson = useStore((state) => state.shown.isJson);
  const edited =
    connections.chosen === SESSION
      ? { id: SESSION, values: connections.session }
      : connections.stored.find(({ id }) => id === connections.chosen);
  const isUnconnected =
    connections.isLoaded && connections.stored.length === 0 && !connections.session;

  const uiSchema = useMemo(
    () => withMainText(form.schema, form.uiSchema, details.textProperty),
    [form, details.textProperty],
  );

  // Controls request options long after they were rendered, and need current values.
  const latest = useRef();
  latest.current = { input: sentInput(input), connection: connections.value };
  const options = useCallback(
    (property, search, signal) =>
      getOptions(component.address, action.name, property, { ...latest.current, search }, signal),
    [component.address, action.name],
  );

  return (
    <div className="side">
      <header className="action-head">
        <div className="action-title">
          <h2>{action.title}</h2>
          <CopyLink />
        </div>
        <p>{action.description}</p>
      </header>
      {isUnconnected ? (
        <ConnectCard component={component} error={connectionError} />
      ) : (
        <ConnectionBar
          connections={connections}
          component={component.address}
          error={connectionError}
          onEdit={() => showDialog({ kind: 'connection', connection: edited })}
          onAdd={() => showDialog({ kind: 'connection' })}
        />
      )}
      <Reached component={component} />
      <Examples examples={details.examples} />
      <Toolbar isJson={isJson} />
      <Notice />
      {isJson ? (
        <JsonInput />
      ) : (
        <OptionsContext value={options}>
          <SchemaForm
            schema={form.schema}
            uiSchema={uiSchema}
            value={input}
            errors={errors}
            handle={handle}
            onChange={changeInput}
            onSubmit={runAction}
          />
        </OptionsContext>
      )}
    </div>
  );
}
