// Compiles connector.js to a component: build.mjs SOURCE WIT FILE
//
// It runs in the folder where build.sh installed componentize-js. All features
// that need WASI are disabled, because connectors may not import it.

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
