// What the editor asks the runtime.

const ask = (name, question) =>
  new Promise((resolve, reject) => {
    $.ajax({
      url: `wasm-connectors/${name}`,
      method: 'POST',
      contentType: 'application/json',
      data: JSON.stringify(question),
      success: resolve,
      error: ({ status, responseJSON }) =>
        reject(new Error(responseJSON?.message ?? `Node-RED answered with status ${status}`)),
    });
  });

/** @returns {Promise<{disabled: boolean, placeholder?: string, options: object[]}>} */
export const askOptions = (question) => ask('options', question);

/** @returns {Promise<{message: string}>} */
export const askTest = (question) => ask('test', question);

/**
 * A connection as the editor has it, deployed or not. Of its secrets it only has those that were
 * typed since the last deployment.
 */
export function connectionOf(id) {
  const node = RED.nodes.node(id);
  return node ? { id, fields: node.values ?? {}, secrets: node.credentials ?? {} } : undefined;
}
