// Bundles the page: build.mjs FOLDER
//
// Reads FOLDER/node_modules and writes FOLDER/dist. Asset names contain a hash
// of the content, so browsers may cache them forever.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';

const folder = resolve(process.argv[2]);
const here = import.meta.dirname;
const modules = join(folder, 'node_modules');
const dist = join(folder, 'dist');
// `import` would look for node_modules next to this file; esbuild is in FOLDER.
const esbuild = createRequire(join(folder, 'package.json'))('esbuild');

rmSync(dist, { recursive: true, force: true });
const { metafile } = await esbuild.build({
  entryPoints: [join(here, 'src/app.jsx')],
  nodePaths: [modules],
  outdir: join(dist, 'assets'),
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  metafile: true,
  legalComments: 'eof',
  format: 'esm',
  jsx: 'automatic',
  target: ['chrome115', 'firefox115', 'safari16.4'],
  // This module would set `innerHTML`, which the page's policy forbids.
  alias: { 'markdown-to-jsx/entities': join(here, 'src/docs/entities.js') },
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
  absWorkingDir: here,
});

const asset = (extension) =>
  Object.keys(metafile.outputs).map((path) => basename(path)).find((name) => name.endsWith(extension));
const page = readFileSync(join(here, 'index.html'), 'utf8')
  .replace('app.js', asset('.js'))
  .replace('app.css', asset('.css'));
writeFileSync(join(dist, 'index.html'), page);
