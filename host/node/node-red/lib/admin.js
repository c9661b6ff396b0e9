// The editor's endpoints: list the connectors, test a connection, and list the dynamic
// options of a property. No response contains a secret.

const { openOf, secretsOf } = require('./secrets');
const { valuesOf } = require('./input');

const ROOT = '/wasm-connectors';
/** The editor's placeholder for a stored password. */
const STORED = '__PWRD__';

/**
 * @param {object} values `resources/values.mjs`
 * @param {import('./client').Client} client
 * @param {{address: string, definition: object}[]} connectors
 * @param {(address: string) => string} connectionType
 */
exports.admin = (RED, values, client, connectors, connectionType) => {
  const { needsPermission } = RED.auth;
  RED.httpAdmin.get(`${ROOT}/connectors`, needsPermission('nodes.read'), (request, response) => {
    response.json(connectors);
  });

  // The caller chooses where a stored secret is sent, so this requires the permission to
  // deploy, which allows the same anyway.
  const endpoint = (name, answer) =>
    RED.httpAdmin.post(`${ROOT}/${name}`, needsPermission('flows.write'), async (request, response) => {
      try {
        const { connector: address, ...body } = request.body;
        const connector = connectors.find((one) => one.address === address);
        if (!connector) {
          response.status(404).json({ message: `unknown connector \`${address}\`` });
          return;
        }
        response.json(await answer(connector, body));
      } catch (error) {
        response.status(422).json({ message: error.message });
      }
    });

  endpoint('test', async (connector, { connection }) =>
    client.test(connector.address, await valuesFor(connector, connection)),
  );

  endpoint('options', async (connector, { connection, action, property, input, search }) => {
    const chosen = connection ? await valuesFor(connector, connection) : undefined;
    const query = { connection: chosen, input, search };
    return client.options(connector.address, action, property, query);
  });

  /** The connection as it is in the editor, with the secrets that only the runtime has. */
  async function valuesFor({ address, definition }, { id, fields = {}, secrets = {} }) {
    const { properties } = definition.connection;
    const isOurs = RED.nodes.getNode(id)?.type === connectionType(address);
    const stored = (isOurs && RED.nodes.getCredentials(id)) || {};
    const evaluate = async (value, type) => RED.util.evaluateNodeProperty(value, type, {});
    const given = secretsOf(properties).map(({ name }) => {
      const typed = secrets[name];
      return [name, fromEnvironment(typed && typed !== STORED ? typed : stored[name])];
    });
    return {
      ...(await valuesOf(openOf(properties), fields, { values, evaluate })),
      ...Object.fromEntries(given.filter(([, value]) => value)),
    };
  }

  /** Replaces `${NAME}` with the variable's value, as Node-RED does on deployment. */
  function fromEnvironment(value) {
    const [, name] = /^\$\{(\S+)\}$/.exec(value ?? '') ?? [];
    return name ? RED.util.getSetting({}, name) : value;
  }
};
