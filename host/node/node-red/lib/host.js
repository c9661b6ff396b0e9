// The host's process: a single `connector serve` for all nodes, on a free local port,
// restarted when it exits. Its standard input is a pipe from this process, so it exits
// along with Node-RED, however Node-RED ends.

const { spawn } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

/** The pause before a restart, in milliseconds. It doubles each time. */
const MIN_PAUSE = 250;
const MAX_PAUSE = 30_000;
/** A process that runs for longer than this has started successfully, which resets the pause. */
const STABLE_AFTER = 60_000;

/**
 * A running host process.
 *
 * @typedef {object} HostProcess
 * @property {number} port
 * @property {string} key the API key for requests
 * @property {Promise<string>} ended resolves to a message when it exits
 */

class Host {
  #settings;
  #log;
  /** The running process, or the one that is starting. */
  #running;
  #pause = MIN_PAUSE;

  /**
   * @param {import('./settings').HostSettings} settings
   * @param {{info: Function, warn: Function}} log
   */
  constructor(settings, log) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Starts the process, and from then on restarts it whenever it exits. */
  async start() {
    const running = await launch(this.#settings, this.#log);
    this.#keep(Promise.resolve(running));
  }

  /** @returns {Promise<HostProcess>} the process, as soon as it accepts requests */
  running() {
    return this.#running;
  }

  #keep(starting) {
    this.#running = starting;
    const started = Date.now();
    const restart = (reason) => this.#restart(reason, Date.now() - started);
    starting.then(
      ({ ended }) => ended.then(restart),
      (error) => restart(error.message),
    );
  }

  #restart(reason, lifetime) {
    const pause = lifetime > STABLE_AFTER ? MIN_PAUSE : this.#pause;
    this.#pause = Math.min(2 * pause, MAX_PAUSE);
    this.#log.warn(`connectors: ${reason}; restarting in ${pause} ms`);
    this.#keep(sleep(pause).then(() => launch(this.#settings, this.#log)));
  }
}

exports.Host = Host;

const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time).unref());

/** @returns {Promise<HostProcess>} */
async function launch({ program, components, dataDir, args }, log) {
  // Only this user can access the folder.
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
      // Ctrl-C in the terminal must reach only Node-RED, which closes its flows first.
      detached: true,
      stdio: 'pipe',
    });
    child.stdin.on('error', () => {});
    const port = await listening(child, program, log);
    // From here on, the child must not keep Node-RED's process alive. Until now it had to:
    // while Node-RED loads its nodes, nothing else might keep the process alive.
    [child, child.stdin, child.stdout, child.stderr].forEach((handle) => handle.unref?.());
    return { port, key, ended: exit(child) };
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

const exit = (child) =>
  new Promise((resolve) => {
    const exited = (code, signal) => resolve(`the connector host exited (${signal ?? code})`);
    child.exitCode === null && child.signalCode === null
      ? child.once('exit', exited)
      : exited(child.exitCode, child.signalCode);
  });

/** @returns {Promise<number>} the child's port, once it is listening */
function listening(child, program, log) {
  return new Promise((resolve, reject) => {
    let lastLine = '';
    readline.createInterface(child.stderr).on('line', (line) => {
      lastLine = line;
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
      reject(new Error(`cannot start the connector host ${program}: ${error.message}\n${hint}`));
    });
    // Unlike `exit`, `close` is emitted after the last line of output.
    child.once('close', () => {
      reject(new Error(`the connector host did not start: ${lastLine || 'it reported no error'}`));
    });
  });
}
