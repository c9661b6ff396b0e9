// The configuration node for a connector's connections. Secrets are Node-RED
// credentials; they are sent to the host with each run, and the host does not store them.

const { openOf, secretsOf } = require('./secrets');
const { valuesOf } = require('./input');

/**
 * @param {object} values `resources/values.mjs`
 * @param {object} definition the descriptor's connection
 */
exports.connectionNode = (RED, values, definition) =>
  function ConnectionNode(config) {
    RED.nodes.createNode(this, config);
    /** Returns the connection's values, including its secrets. */
    this.connection = async () => {
      const { credentials = {} } = this;
      const secrets = secretsOf(definition.properties).map(({ name }) => [name, credentials[name]]);
      return {
        ...(await valuesOf(openOf(definition.properties), config.values ?? {}, {
          values,
          evaluate: async (value, type) => RED.util.evaluateNodeProperty(value, type, this),
        })),
        ...Object.fromEntries(secrets.filter(([, value]) => value)),
      };
    };
  };
