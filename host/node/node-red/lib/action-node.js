// An action's node: each message starts a run, and the first output sends its outcome.
// The second output reports events during the run.

const path = require('node:path');

const { Failure } = require('./failure');
const { valuesOf } = require('./input');
const { withBuffers } = require('./output');
const { Status } = require('./status');

/** The reasons for stopping a run. */
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
        const callback = (error, result) => (error ? reject(error) : resolve(result));
        RED.util.evaluateNodeProperty(value, type, node, msg, callback);
      });

    async function connection() {
      const chosen = config.connection ? RED.nodes.getNode(config.connection) : undefined;
      if (!chosen?.connection && values.needsConnection(definition.connection)) {
        throw Failure.invalid(undefined, `choose a connection to ${definition.title}`);
      }
      return chosen?.connection();
    }

    async function run(msg, send, signal) {
      const fileName = typeof msg.filename === 'string' ? path.basename(msg.filename) : undefined;
      const upload = (name, mimeType, bytes) => client.upload(name, mimeType, bytes, signal);
      const context = { values, evaluate: evaluate(msg), upload, fileName };
      const job = {
        connection: await connection(),
        input: await valuesOf(action.properties, config.fields ?? {}, context),
      };
      const onEvent = (event, data) => {
        // Ignores events that were already on their way when the run was stopped.
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
        // The next node detects the type of the file from its name, and `write file` uses the name.
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

/** An event keeps the message's properties, such as a session, except for its payload. */
function eventMessage(RED, msg, event, data) {
  const { payload, ...rest } = msg;
  const message = { ...RED.util.cloneMessage(rest), event };
  return event === 'delta'
    ? { ...message, payload: data.text, choice: data.choice }
    : { ...message, payload: data };
}

const cancelled = () =>
  new Failure({ kind: 'cancelled', message: 'the run was cancelled', requestSent: true });

const asFailure = (error) =>
  error instanceof Failure
    ? error
    : new Failure({ kind: 'internal', message: error.message, requestSent: false });
