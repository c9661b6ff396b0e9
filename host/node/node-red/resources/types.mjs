// The names of the types of nodes. A dot is in no name of a connector or an
// action, so no two of them are the same.

/** Of a connector's connections: `openai.v1` for `openai/v1`. */
export const connectionType = (address) => address.replace('/', '.');

/** Of an action: `openai.v1.ask`. */
export const actionType = (address, action) => `${connectionType(address)}.${action}`;
