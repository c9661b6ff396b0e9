import { quoted } from './quoted.js';

export function command({ address, input, name, isSession, environment }) {
  const hasName = name !== undefined && !isSession;
  const needed = environment.length > 0 && !hasName ? `${environment[0].name}=… ` : '';
  const connection = hasName ? [`--connection ${quoted(name)}`] : [];
  const json = JSON.stringify(input, null, 2);
  const lines = [`${needed}connector run ${address}`, ...connection, '--input -'];
  // A here-document, in which a shell expands nothing either.
  return `${lines.join(' \\\n  ')} <<'JSON'\n${json}\nJSON`;
}
