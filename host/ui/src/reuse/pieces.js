// The parts of an output that another action may take: its texts and its files.

import { filesIn } from '../result/reading/files.js';

const MAX_TEXTS = 20;

/** @returns {{kind: 'text' | 'file', label: string, value: unknown}[]} */
export function piecesOf(output) {
  const files = filesIn(output).map((file) => ({
    kind: 'file',
    label: file.name ?? file.url.split('/').at(-1),
    value: file,
  }));
  return [...texts(output), ...files];
}

function texts(output) {
  if (typeof output === 'string') {
    return [{ kind: 'text', label: 'The text', value: output }];
  }
  if (typeof output !== 'object' || output === null) {
    return [];
  }
  const all = Object.entries(output)
    .filter(([, value]) => typeof value === 'string' && value !== '')
    .map(([name, value]) => ({ kind: 'text', label: name, value }));
  const isData = all.length === 0 && filesIn(output).length === 0;
  const whole = isData
    ? [{ kind: 'text', label: 'All of it, as JSON', value: JSON.stringify(output, null, 2) }]
    : [];
  return [...all.slice(0, MAX_TEXTS), ...whole];
}
