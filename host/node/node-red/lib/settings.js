// The settings for starting the host: `wasmConnectors` in settings.js, otherwise the
// environment.

const path = require('node:path');

/**
 * @typedef {object} HostSettings
 * @property {string} program the `connector` command
 * @property {string} [components] the folder with the connectors
 * @property {string} dataDir where the host stores files
 * @property {string[]} args additional arguments for `connector serve`
 */

/** @returns {HostSettings} */
exports.hostSettings = (settings) => {
  const own = settings.wasmConnectors ?? {};
  return {
    program: own.program ?? process.env.CONNECTOR_BIN ?? 'connector',
    components: own.components,
    dataDir: own.dataDir ?? path.join(settings.userDir ?? '.', 'wasm-connectors'),
    args: [...(own.allowPrivateAddresses ? ['--allow-private-addresses'] : []), ...(own.args ?? [])],
  };
};
