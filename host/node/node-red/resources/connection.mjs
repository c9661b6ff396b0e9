// The configuration node for a connector's connections in the editor.

import { Form, explanation } from './form.mjs';
import { requestTest } from './requests.mjs';
import { missing, shownNames } from './values.mjs';

const parts = ({ properties }) => ({
  secrets: properties.filter(({ secret }) => secret),
  open: properties.filter(({ secret }) => !secret),
});

/** Node-RED itself fills in and reads the inputs of secrets, by their ids. */
export function connectionTemplate({ definition }) {
  const { secrets } = parts(definition.connection);
  const rows = secrets.map(({ name, type, label, description, placeholder, required }) => {
    const id = `node-config-input-${name}`;
    const row = $('<div class="form-row">');
    const title = $('<label>').attr({ for: id }).text(label).appendTo(row);
    title.toggleClass('is-required', required);
    const example = type === 'OBJECT' ? '{"Name": "value"}' : undefined;
    $('<input type="password">').attr({ id, placeholder: placeholder ?? example }).appendTo(row);
    const whole = $('<div>').attr({ id: `connection-${name}` });
    return whole.append(row, explanation(description)).prop('outerHTML');
  });
  return `
<div class="connector-dialog">
  <div class="form-row">
    <label for="node-config-input-name"><i class="fa fa-tag"></i> Name</label>
    <input type="text" id="node-config-input-name">
  </div>
  ${rows.join('\n')}
  <div id="connection-form"></div>
  <div class="form-row connection-test">
    <button type="button" class="red-ui-button" id="connection-test">Test</button>
    <span id="connection-tested" role="status"></span>
  </div>
</div>`;
}

/** The definition for `RED.nodes.registerType`. */
export function connectionDefinition({ address, definition }) {
  const { secrets, open } = parts(definition.connection);
  let form;
  return {
    category: 'config',
    defaults: {
      name: { value: '' },
      values: { value: {}, validate: (values) => missing(open, values ?? {}) ?? true },
    },
    credentials: Object.fromEntries(
      // Node-RED would also require those of authorizations that are not selected.
      secrets.map(({ name, required, condition }) => [
        name,
        { type: 'password', required: required && !condition },
      ]),
    ),
    paletteLabel: `${definition.title} connection`,
    label() {
      return this.name || definition.title;
    },
    oneditprepare() {
      const showSecrets = () => {
        const shown = shownNames(definition.connection.properties, form.read());
        secrets.forEach(({ name }) => $(`#connection-${name}`).toggle(shown.has(name)));
      };
      form = new Form($('#connection-form'), open, this.values ?? {}, {
        dynamicTypes: ['env'],
        changed: showSecrets,
      });
      const advanced = secrets.filter((secret) => secret.advanced);
      advanced.forEach(({ name }) => $(`#connection-${name}`).appendTo('.connector-advanced'));
      showSecrets();
      const typed = ({ name }) => [name, $(`#node-config-input-${name}`).val()];
      const show = (text, kind) => $('#connection-tested').text(text).attr('class', kind);
      $('#connection-test').on('click', async () => {
        show('…', '');
        const connection = {
          id: this.id,
          fields: form.read(),
          secrets: Object.fromEntries(secrets.map(typed)),
        };
        try {
          show((await requestTest({ connector: address, connection })).message, 'is-good');
        } catch (error) {
          show(error.message, 'is-bad');
        }
      });
    },
    oneditsave() {
      this.values = form.read();
    },
  };
}
