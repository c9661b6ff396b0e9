// The host's process: `connector serve`, started once for all nodes, on a free
// port of this machine, and started again when it ends. Its standard input is a
// pipe from here, so it ends with Node-RED, however that ends.

const { spawn } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

/** How long to wait before it is started again: twice as long each time. */
const SHORTEST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;
/** After so long it was no failed start. */
const STEADY = 60_000;

/**
 * A process that serves.
 *
 * @typedef {object} Served
 * @property {number} port
 * @property {string} key what requests are let in with
 * @property {Promise<string>} ended how it ended, once it has
 */

class Host {
  #settings;
  #log;
  /** The process that serves, or the one that is being started. */
  #served;
  #pause = SHORTEST_PAUSE;

  /**
   * @param {import('./settings').HostSettings} settings
   * @param {{info: Function, warn: Function}} log
   */
  constructor(settings, log) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Starts it, and from then on whenever it has ended. */
  async start() {
    const served = await launch(this.#settings, this.#log);
    this.#keep(Promise.resolve(served));
  }

  /** @returns {Promise<Served>} the process, as soon as it serves */
  served() {
    return this.#served;
  }

  #keep(starting) {
    this.#served = starting;
    const begun = Date.now();
    const again = (why) => this.#startAgain(why, Date.now() - begun);
    starting.then(
      ({ ended }) => ended.then(again),
      (error) => again(error.message),
    );
  }

  #startAgain(why, lived) {
    const pause = STEADY < lived ? SHORTEST_PAUSE : this.#pause;
    this.#pause = Math.min(2 * pause, LONGEST_PAUSE);
    this.#log.warn(`connectors: ${why}; it is started again in ${pause} ms`);
    this.#keep(sleep(pause).then(() => launch(this.#settings, this.#log)));
  }
}

exports.Host = Host;

const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time).unref());

/** @returns {Promise<Served>} */
async function launch({ program, components, dataDir, args }, log) {
  // It is this user's alone, as is what is in it.
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'connectors-'));
  try {
    const key = randomBytes(32).toString('base64url');
    const keyFile = path.join(folder, 'key');
    await fs.writeFile(keyFile, key, { mode: 0o600 });
    const own = ['--listen', '127.0.0.1:0', '--api-key-file', keyFile, '--data-dir', dataDir];
    const env = { RUST_LOG: 'connector=warn', ...process.env };
    if (components) {
      env.CONNECTOR_COMPONENTS = components;
    }
    const child = spawn(program, ['serve', '--until-stdin-closes', ...own, ...args], {
      env,
      // A Ctrl-C in the terminal is for Node-RED, which closes flows first.
      detached: true,
      stdio: 'pipe',
    });
    child.stdin.on('error', () => {});
    const port = await listening(child, program, log);
    // From here on it keeps no program running that Node-RED is a part of. Not
    // before: while Node-RED loads its nodes, nothing else may keep it running.
    [child, child.stdin, child.stdout, child.stderr].forEach((handle) => handle.unref?.());
    return { port, key, ended: end(child) };
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

const end = (child) =>
  new Promise((resolve) => {
    const told = (code, signal) => resolve(`the connector host ended (${signal ?? code})`);
    child.exitCode === null && child.signalCode === null
      ? child.once('exit', told)
      : told(child.exitCode, child.signalCode);
  });

/** @returns {Promise<number>} its port */
function listening(child, program, log) {
  return new Promise((resolve, reject) => {
    let said = '';
    readline.createInterface(child.stderr).on('line', (line) => {
      said = line;
      log.warn(`connectors: ${line}`);
    });
    readline.createInterface(child.stdout).on('line', (line) => {
      const [, port] = /^listening on http:\/\/127\.0\.0\.1:(\d+)$/.exec(line) ?? [];
      if (port) {
        resolve(Number(port));
      }
    });
    child.once('error', (error) => {
      const hint = 'hint: set wasmConnectors.program in settings.js, or CONNECTOR_BIN';
      reject(new Error(`the connector host ${program} does not start: ${error.message}; ${hint}`));
    });
    // Behind what it said last.
    child.once('close', () => {
      reject(new Error(`the connector host ended before it served: ${said || 'it did not say why'}`));
    });
  });
}
