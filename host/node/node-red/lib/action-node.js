// The node of an action: a message in, a run, a message out. The second output
// tells what happens meanwhile.

const path = require('node:path');

const { Failure } = require('./failure');
const { valuesOf } = require('./input');
const { withBuffers } = require('./output');
const { Status } = require('./status');

/** Why a run is stopped. */
const CLOSED = 'closed';
const RESET = 'reset';

/**
 * @param {object} values `resources/values.mjs`
 * @param {import('./client').Client} client
 */
exports.actionNode = (RED, values, client, { address, definition }, action) =>
  function ActionNode(config) {
    RED.nodes.createNode(this, config);
    const node = this;
    const runs = new Set();
    const status = new Status(node);

    const evaluate = (msg) => (value, type) =>
      new Promise((resolve, reject) => {
        const told = (error, result) => (error ? reject(error) : resolve(result));
        RED.util.evaluateNodeProperty(value, type, node, msg, told);
      });

    async function connection() {
      const chosen = config.connection ? RED.nodes.getNode(config.connection) : undefined;
      if (!chosen?.connection && values.needsConnection(definition.connection)) {
        throw Failure.invalid(undefined, `choose a connection of ${definition.title}`);
      }
      return chosen?.connection();
    }

    async function run(msg, send, signal) {
      const fileName = typeof msg.filename === 'string' ? path.basename(msg.filename) : undefined;
      const upload = (name, mimeType, bytes) => client.upload(name, mimeType, bytes, signal);
      const making = { values, evaluate: evaluate(msg), upload, fileName };
      const job = {
        connection: await connection(),
        input: await valuesOf(action.properties, config.fields ?? {}, making),
      };
      const onEvent = (event, data) => {
        // Some were on the way already when the run was stopped.
        if (signal.aborted) {
          return;
        }
        status.event(event, data);
        send([null, eventMessage(RED, msg, event, data)]);
      };
      const streams = config.stream !== false;
      const outcome = await client.run(address, action.name, job, {
        signal,
        onEvent: streams ? onEvent : undefined,
      });
      const content = (entry) => client.content(entry, signal);
      const { output, files } =
        config.files === 'entry'
          ? { output: outcome.output, files: undefined }
          : await withBuffers(outcome.output, content);
      RED.util.setMessageProperty(msg, config.output || 'payload', output, true);
      msg.metadata = outcome.metadata;
      if (files?.length) {
        msg.files = files;
      }
      if (Buffer.isBuffer(output)) {
        // So the next node knows what it is, and `write file` how to call it.
        msg.filename = files[0].name;
      }
    }

    node.on('input', async (msg, send, done) => {
      if (msg.reset) {
        runs.forEach((running) => running.abort(RESET));
        done();
        return;
      }
      const controller = new AbortController();
      runs.add(controller);
      status.begin();
      try {
        await run(msg, send, controller.signal);
        status.end();
        send([msg, null]);
        done();
      } catch (error) {
        if (controller.signal.reason === CLOSED) {
          done();
          return;
        }
        const failure = controller.signal.aborted ? cancelled() : asFailure(error);
        status.end(failure);
        msg.failure = failure.cause;
        done(failure);
      } finally {
        runs.delete(controller);
      }
    });

    node.on('close', () => {
      runs.forEach((running) => running.abort(CLOSED));
      status.clear();
    });
  };

/** An event keeps what the message carried, such as a session, but not its payload. */
function eventMessage(RED, msg, event, data) {
  const { payload, ...rest } = msg;
  const told = { ...RED.util.cloneMessage(rest), event };
  return event === 'delta'
    ? { ...told, payload: data.text, choice: data.choice }
    : { ...told, payload: data };
}

const cancelled = () =>
  new Failure({ kind: 'cancelled', message: 'the run was cancelled', requestSent: true });

const asFailure = (error) =>
  error instanceof Failure
    ? error
    : new Failure({ kind: 'internal', message: error.message, requestSent: false });
