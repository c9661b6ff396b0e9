// The configuration node of a connector's connections. What is secret is a
// credential of Node-RED and goes to the host with each run, to be kept nowhere.

const { openOf, secretsOf } = require('./secrets');
const { valuesOf } = require('./input');

/**
 * @param {object} values `resources/values.mjs`
 * @param {object} definition the connection, as the connector describes it
 */
exports.connectionNode = (RED, values, definition) =>
  function ConnectionNode(config) {
    RED.nodes.createNode(this, config);
    /** The values of the connection's form. */
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
