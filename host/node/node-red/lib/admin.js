// What the editor asks: which connectors there are, whether a connection works,
// and what can be chosen. Nothing that is secret is answered.

const { openOf, secretsOf } = require('./secrets');
const { valuesOf } = require('./input');

const ROOT = '/wasm-connectors';
/** What the editor shows of a password that is stored. */
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

  // A stored secret goes where the asked connection leads: only who may deploy
  // may ask that, for he could lead it anywhere all the same.
  const asks = (name, answer) =>
    RED.httpAdmin.post(`${ROOT}/${name}`, needsPermission('flows.write'), async (request, response) => {
      try {
        const { connector: address, ...question } = request.body;
        const connector = connectors.find((one) => one.address === address);
        if (!connector) {
          response.status(404).json({ message: `there is no connector \`${address}\`` });
          return;
        }
        response.json(await answer(connector, question));
      } catch (error) {
        response.status(422).json({ message: error.message });
      }
    });

  asks('test', async (connector, { connection }) =>
    client.test(connector.address, await asked(connector, connection)),
  );

  asks('options', async (connector, { connection, action, property, input, search }) => {
    const chosen = connection ? await asked(connector, connection) : undefined;
    const question = { connection: chosen, input, search };
    return client.options(connector.address, action, property, question);
  });

  /** The connection as the editor has it, with the secrets that only Node-RED has. */
  async function asked({ address, definition }, { id, fields = {}, secrets = {} }) {
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

  /** As Node-RED does it when it deploys: `${NAME}` is the variable's value. */
  function fromEnvironment(value) {
    const [, name] = /^\$\{(\S+)\}$/.exec(value ?? '') ?? [];
    return name ? RED.util.getSetting({}, name) : value;
  }
};
