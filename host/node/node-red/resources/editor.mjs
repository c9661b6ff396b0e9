// Registers the node types in the editor.

import { actionDefinition, actionTemplate } from './action.mjs';
import { connectionDefinition, connectionTemplate } from './connection.mjs';
import { actionHelp, connectionHelp } from './help.mjs';
import { showIcons } from './icons.mjs';
import { keepWordsWhole } from './palette.mjs';
import { actionType, connectionType } from './types.mjs';

/** Adds a script element. Its content is set as text, because connectors are not trusted. */
function addScript(attributes, text) {
  const script = document.createElement('script');
  Object.entries(attributes).forEach(([name, value]) => script.setAttribute(name, value));
  script.textContent = text;
  document.body.append(script);
}

function register(type, definition, template, help) {
  addScript({ type: 'text/html', 'data-template-name': type }, template);
  addScript({ type: 'text/markdown', 'data-help-name': type }, help);
  RED.nodes.registerType(type, definition);
}

function registerConnector(connector) {
  const { address, definition } = connector;
  const connection = connectionType(address);
  register(
    connection,
    connectionDefinition(connector),
    connectionTemplate(connector),
    connectionHelp(definition),
  );
  for (const action of definition.actions) {
    register(
      actionType(address, action.name),
      actionDefinition(connector, action, connection),
      actionTemplate(),
      actionHelp(address, action),
    );
    keepWordsWhole(actionType(address, action.name), action.title);
  }
}

// Synchronous, because the editor loads the flows right after this script: nodes whose
// types were registered later would be shown as unknown.
$.ajax({
  url: 'wasm-connectors/connectors',
  async: false,
  success: (connectors) => {
    showIcons(connectors);
    connectors.forEach(registerConnector);
  },
  error: ({ status }) => RED.notify(`Cannot list the connectors: HTTP ${status}`, 'error'),
});
