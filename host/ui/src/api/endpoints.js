// The service's endpoints, one function each.

import { addressOf, request, requestJson } from './client.js';
import { readEvents } from './events.js';

const ofComponent = (component) => `/components/${component}`;
const ofAction = (component, action) =>
  `${ofComponent(component)}/actions/${encodeURIComponent(action)}`;

export const getComponents = async () => (await requestJson('GET', '/components')).components;

export const getDocs = async (component) =>
  (await request('GET', `${ofComponent(component)}/docs`, { accept: 'text/markdown' })).text();

/** Returns a component's descriptor. */
export const getDescriptor = (component) => requestJson('GET', ofComponent(component));

export const getActionForm = (component, action) => form(ofAction(component, action));
export const getConnectionForm = (component) => form(`${ofComponent(component)}/connection`);

async function form(path) {
  const [schema, uiSchema] = await Promise.all([
    requestJson('GET', `${path}/schema`),
    requestJson('GET', `${path}/ui-schema`),
  ]);
  return { schema, uiSchema };
}

export const getOptions = (component, action, property, json, signal) => {
  const path = `${ofAction(component, action)}/options/${encodeURIComponent(property)}`;
  return requestJson('POST', path, { json, signal });
};

/** Runs an action and yields its events. Aborting the signal cancels the run. */
export async function* run(component, action, json, signal) {
  const path = `${ofAction(component, action)}/run`;
  const response = await request('POST', path, { json, accept: 'text/event-stream', signal });
  yield* readEvents(response);
}

export const runAddress = (component, action) => addressOf(`${ofAction(component, action)}/run`);

export const testConnection = (component, connection) =>
  requestJson('POST', `${ofComponent(component)}/connection/test`, { json: { connection } });

export const getConnections = async () => (await requestJson('GET', '/connections')).connections;
export const createConnection = (json) => requestJson('POST', '/connections', { json });
export const replaceConnection = (id, json) =>
  requestJson('PUT', `/connections/${encodeURIComponent(id)}`, { json });
export const deleteConnection = (id) =>
  requestJson('DELETE', `/connections/${encodeURIComponent(id)}`);
