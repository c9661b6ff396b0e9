import { quoted } from './quoted.js';

export function command({ address, input, name, isSession }) {
  const connection = name !== undefined && !isSession ? [`--connection ${quoted(name)}`] : [];
  const lines = [`connector run ${address}`, ...connection, '--input -'];
  // A here-document, in which a shell expands nothing either.
  return `${lines.join(' \\\n  ')} <<'JSON'\n${JSON.stringify(input, null, 2)}\nJSON`;
}
