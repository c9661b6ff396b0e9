// Registers a node type for each action of the host's connectors, and a configuration
// node type for the connections of each connector. Node-RED awaits the promise before
// it starts flows.

const { admin } = require('./lib/admin');
const { actionNode } = require('./lib/action-node');
const { Client } = require('./lib/client');
const { connectionNode } = require('./lib/connection-node');
const { Host } = require('./lib/host');
const { secretsOf } = require('./lib/secrets');
const { hostSettings } = require('./lib/settings');

module.exports = async (RED) => {
  const types = await import('./resources/types.mjs');
  const values = await import('./resources/values.mjs');
  const host = new Host(hostSettings(RED.settings), RED.log);
  await host.start();
  const client = new Client(host);
  const connectors = await client.connectors();
  for (const connector of connectors) {
    const { definition, address } = connector;
    const secrets = secretsOf(definition.connection.properties).map(({ name }) => name);
    RED.nodes.registerType(
      types.connectionType(address),
      connectionNode(RED, values, definition.connection),
      { credentials: Object.fromEntries(secrets.map((name) => [name, { type: 'password' }])) },
    );
    for (const action of definition.actions) {
      const node = actionNode(RED, values, client, connector, action);
      RED.nodes.registerType(types.actionType(address, action.name), node);
    }
  }
  admin(RED, values, client, connectors, types.connectionType);
  RED.log.info(`connectors: ${connectors.map(summary).join(', ')}`);
};

/** Describes a connector for the log: `openai/v1 with 4 actions`. */
function summary({ address, definition }) {
  const count = definition.actions.length;
  return `${address} with ${count} ${count === 1 ? 'action' : 'actions'}`;
}
