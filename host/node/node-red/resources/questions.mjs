// Requests from the editor to the runtime.

const ask = (name, question) =>
  new Promise((resolve, reject) => {
    $.ajax({
      url: `wasm-connectors/${name}`,
      method: 'POST',
      contentType: 'application/json',
      data: JSON.stringify(question),
      success: resolve,
      error: ({ status, responseJSON }) =>
        reject(new Error(responseJSON?.message ?? `Node-RED returned HTTP ${status}`)),
    });
  });

/** @returns {Promise<{disabled: boolean, placeholder?: string, options: object[]}>} */
export const askOptions = (question) => ask('options', question);

/** @returns {Promise<{message: string}>} */
export const askTest = (question) => ask('test', question);

/**
 * A connection as it is in the editor, deployed or not. Of its secrets, it contains only
 * those entered since the last deployment.
 */
export function connectionOf(id) {
  const node = RED.nodes.node(id);
  return node ? { id, fields: node.values ?? {}, secrets: node.credentials ?? {} } : undefined;
}
