// An action's node in the editor.

import { Form } from './form.mjs';
import { colorOf } from './icons.mjs';
import { connectionOf, requestOptions } from './requests.mjs';
import { firstFields, missing, needsConnection } from './values.mjs';

export const actionTemplate = () => `
<div class="connector-dialog">
  <div class="form-row">
    <label for="node-input-name"><i class="fa fa-tag"></i> Name</label>
    <input type="text" id="node-input-name">
  </div>
  <div class="form-row">
    <label for="node-input-connection"><i class="fa fa-plug"></i> Connection</label>
    <input type="text" id="node-input-connection" style="width: calc(100% - 140px)">
  </div>
  <div id="connector-form"></div>
  <hr>
  <div class="form-row">
    <label for="node-input-output"><i class="fa fa-sign-out"></i> Output to</label>
    <input type="text" id="node-input-output" style="width: calc(100% - 140px)">
  </div>
  <div class="form-row">
    <label for="node-input-files"><i class="fa fa-file-o"></i> Files as</label>
    <select id="node-input-files">
      <option value="buffer">Buffer</option>
      <option value="entry">FILE_ENTRY</option>
    </select>
  </div>
  <div class="form-row">
    <label for="node-input-stream"><i class="fa fa-bolt"></i> Stream</label>
    <input type="checkbox" id="node-input-stream">
    send progress and streamed text to the second output
  </div>
</div>`;

/** The definition for `RED.nodes.registerType`. */
export function actionDefinition({ address, definition }, action, connectionType) {
  const { properties } = action;
  const isConnected = needsConnection(definition.connection);
  let form;
  return {
    category: definition.title,
    color: colorOf(definition.name),
    icon: 'connector.svg',
    defaults: {
      name: { value: '' },
      connection: { value: '', type: connectionType, required: isConnected },
      fields: {
        value: firstFields(properties),
        validate: (fields) => missing(properties, fields ?? {}) ?? true,
      },
      output: { value: 'payload', required: true },
      files: { value: 'buffer' },
      stream: { value: true },
    },
    inputs: 1,
    outputs: 2,
    outputLabels: ['outcome', 'events'],
    paletteLabel: action.title,
    label() {
      return this.name || action.title;
    },
    labelStyle() {
      return this.name ? 'node_label_italic' : '';
    },
    oneditprepare() {
      $('#node-input-output').typedInput({ types: ['msg'], default: 'msg' });
      form = new Form($('#connector-form'), properties, this.fields ?? {}, {
        dynamicTypes: ['msg', 'flow', 'global', 'jsonata', 'env'],
        options: (property, input, search) =>
          requestOptions({
            connector: address,
            action: action.name,
            property,
            input,
            search,
            connection: connectionOf($('#node-input-connection').val()),
          }),
      });
    },
    oneditsave() {
      this.fields = form.read();
    },
  };
}
