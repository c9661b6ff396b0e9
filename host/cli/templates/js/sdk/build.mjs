// Builds a component from index.js: node sdk/build.mjs FILE
//
// All WASI features are disabled, because a connector must not import any.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { componentize } from '@bytecodealliance/componentize-js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { component } = await componentize({
  sourcePath: here('../index.js'),
  witPath: here('../wit'),
  worldName: 'connector',
  disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'],
});
writeFileSync(process.argv[2], component);
