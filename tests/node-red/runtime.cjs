// Node-RED with the package in host/node/node-red, controlled by a test.
//
//     node runtime.cjs FOLDER PACKAGE USER_DIR [--editor]
//
// FOLDER is where `install.sh` installed Node-RED, and PACKAGE is
// host/node/node-red. Each line of standard input is a command, and each line of
// standard output is an event; both are JSON. Buffers are written as
// { "buffer": base64 }. Exits when standard input closes.

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const readline = require('node:readline');
const { createRequire } = require('node:module');

const [folder, nodes, userDir, editor] = process.argv.slice(2);
const load = createRequire(path.join(folder, 'package.json'));
const RED = load('node-red');
const express = load('express');

const report = (what, details) =>
  process.stdout.write(`${JSON.stringify({ what, ...details }, plain)}\n`);

/** Drops the sockets in messages from `http in`, and converts Buffers, which arrive as lists of bytes. */
function plain(key, value) {
  if (key === 'req' || key === 'res') {
    return undefined;
  }
  return value?.type === 'Buffer' ? { buffer: Buffer.from(value.data).toString('base64') } : value;
}

const buffers = (key, value) =>
  typeof value?.buffer === 'string' ? Buffer.from(value.buffer, 'base64') : value;

const modules = path.join(userDir, 'node_modules');
fs.mkdirSync(modules, { recursive: true });
fs.symlinkSync(nodes, path.join(modules, 'node-red-contrib-wasm-connectors'));

const app = express();
const server = http.createServer(app);
RED.init(server, {
  httpAdminRoot: editor ? '/' : false,
  httpNodeRoot: false,
  userDir,
  flowFile: 'flows.json',
  credentialSecret: 'only for tests',
  telemetry: { enabled: false, updateNotification: false },
  externalModules: { palette: { allowInstall: false } },
  editorTheme: { tours: false },
  logging: { test: { level: 'debug', handler: () => (line) => report('log', { text: String(line.msg) }) } },
  ...JSON.parse(process.env.NODE_RED_SETTINGS ?? '{}'),
});
if (editor) {
  app.use('/', RED.httpAdmin);
}

RED.hooks.add('onReceive.test', ({ msg, destination }) => {
  report('message', { to: destination.id, msg });
});
RED.events.on('node-status', ({ id, status }) => report('status', { of: id, status }));

const commands = {
  deploy: ({ flows, credentials }) =>
    RED.runtime.flows.setFlows({ flows: { flows, credentials }, deploymentType: 'full' }),
  inject: ({ node, msg }) => RED.nodes.getNode(node).receive(msg),
  set: ({ node, name, value }) => RED.nodes.getNode(node).context().flow.set(name, value),
  exported: async () => {
    const { flows } = await RED.runtime.flows.getFlows({});
    const file = fs.readFileSync(path.join(userDir, 'flows.json'), 'utf8');
    report('exported', { flows, file });
  },
};

RED.events.once('flows:started', () => {
  const isOurs = ({ module }) => module === 'node-red-contrib-wasm-connectors';
  const types = RED.nodes.getNodeList(isOurs).map((set) => ({ ...set, err: String(set.err) }));
  server.listen(0, '127.0.0.1', () => report('ready', { port: server.address().port, types }));
});
RED.events.on('flows:started', () => report('started', {}));

RED.start().catch((error) => {
  report('failed', { text: error.message });
  process.exit(1);
});

readline
  .createInterface(process.stdin)
  .on('line', async (line) => {
    const { command, ...given } = JSON.parse(line, buffers);
    try {
      await commands[command](given);
    } catch (error) {
      report('failed', { text: error.stack });
    }
  })
  .on('close', () => process.exit(0));
