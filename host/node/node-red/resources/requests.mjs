// Requests from the editor to the runtime.

const post = (name, body) =>
  new Promise((resolve, reject) => {
    $.ajax({
      url: `wasm-connectors/${name}`,
      method: 'POST',
      contentType: 'application/json',
      data: JSON.stringify(body),
      success: resolve,
      error: ({ status, responseJSON }) =>
        reject(new Error(responseJSON?.message ?? `Node-RED returned HTTP ${status}`)),
    });
  });

/** @returns {Promise<{disabled: boolean, placeholder?: string, options: object[]}>} */
export const requestOptions = (body) => post('options', body);

/** @returns {Promise<{message: string}>} */
export const requestTest = (body) => post('test', body);

/**
 * A connection as it is in the editor, deployed or not. It contains only the secrets
 * entered since the last deployment.
 */
export function connectionOf(id) {
  const node = RED.nodes.node(id);
  return node ? { id, fields: node.values ?? {}, secrets: node.credentials ?? {} } : undefined;
}
