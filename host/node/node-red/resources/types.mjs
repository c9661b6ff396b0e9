// The names of the node types. They are unique, because names of connectors and actions
// do not contain dots.

/** The type of a connector's connections: `openai.v1` for `openai/v1`. */
export const connectionType = (address) => address.replace('/', '.');

/** The type of an action: `openai.v1.ask`. */
export const actionType = (address, action) => `${connectionType(address)}.${action}`;
