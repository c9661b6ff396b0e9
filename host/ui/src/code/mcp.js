/** Tool names are at most this long. */
const MAX_NAME = 64;

export function mcp({ address, input }) {
  const name = address.replaceAll('/', '_').slice(0, MAX_NAME);
  const message = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name, arguments: input },
  };
  return JSON.stringify(message, null, 2);
}
