// Makes a component of connector.js: build.mjs SOURCE WIT FILE
//
// It runs where build.sh installed componentize-js. Every part of WASI is
// left out, and with it what would need an import that connectors may not have.

import { writeFileSync } from 'node:fs';
import { componentize } from '@bytecodealliance/componentize-js';

const [sourcePath, witPath, file] = process.argv.slice(2);
const { component } = await componentize({
  sourcePath,
  witPath,
  worldName: 'connector',
  disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'],
});
writeFileSync(file, component);
