// The request for the current input, for use in other programs. It follows what the
// user types.

import { withoutSecrets } from '../form/schema.js';
import { changedInput, sentInput } from '../form/sent.js';
import { SESSION } from '../connection/connections.js';
import { CodeBlock } from '../parts/code-block.jsx';
import { store, useMembers, useStore } from '../state/store.js';
import { LANGUAGES } from './languages.js';
import { masked } from './masked.js';

export function Code({ connections }) {
  const { address, component, action, form, input, secrets } = useMembers(
    'work',
    'address',
    'component',
    'action',
    'form',
    'input',
    'secrets',
  );
  const isOnlyChanged = useStore((state) => state.shown.isOnlyChanged);
  const descriptor = useStore((state) => state.catalog.descriptors[component.address]);
  // The names become part of commands, so a connector must not choose other characters.
  const environment = (descriptor?.connection?.environment ?? []).filter(({ name, property }) =>
    [name, property].every((one) => /^\w+$/.test(one)),
  );
  const name = useStore((state) => state.shown.language);
  const language = LANGUAGES.find((one) => one.name === name) ?? LANGUAGES[0];
  const visible = withoutSecrets(form.schema, input);
  const shown = isOnlyChanged ? changedInput(form.schema, visible) : sentInput(visible);
  const connection =
    connections.chosen === SESSION
      ? masked(connections.session, secrets, environment)
      : connections.chosen;
  const text = language.write({
    address,
    component: component.address,
    action: action.name,
    name: connections.name,
    isSession: connections.chosen === SESSION,
    environment,
    connection,
    input: JSON.parse(JSON.stringify(shown)),
  });
  return (
    <section className="request" aria-label="Code">
      <div className="code-tools">
        <label className="hidden" htmlFor="language">
          Language
        </label>
        <select
          id="language"
          className="input select"
          value={language.name}
          onChange={({ target }) => store.change('shown', { language: target.value })}
        >
          {LANGUAGES.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </select>
        <label className="checkbox">
          <input
            type="checkbox"
            checked={isOnlyChanged}
            onChange={() => store.change('shown', { isOnlyChanged: !isOnlyChanged })}
          />
          <span>Only changed fields</span>
        </label>
      </div>
      <CodeBlock text={text} language={language.id} label={`Request for ${language.name}`} />
      <p className="field-description">{language.note}</p>
    </section>
  );
}
