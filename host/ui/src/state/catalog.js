// The service's connectors.

import { getComponents, getDescriptor } from '../api/endpoints.js';
import { store } from './store.js';

export async function loadCatalog() {
  store.change('catalog', { error: undefined });
  try {
    store.change('catalog', { components: await getComponents() });
  } catch (error) {
    store.change('catalog', { error: error.problem ?? { title: error.message } });
  }
}

/** Loads everything again that was loaded without a key. */
export function retryWithKey() {
  const { round } = store.get().catalog;
  store.change('catalog', { keyNote: undefined, round: round + 1 });
  loadCatalog();
}

/** A connector's descriptor, requested once. */
export async function descriptorOf(component) {
  const { descriptors } = store.get().catalog;
  if (descriptors[component]) {
    return descriptors[component];
  }
  const descriptor = await getDescriptor(component);
  store.change('catalog', {
    descriptors: { ...store.get().catalog.descriptors, [component]: descriptor },
  });
  return descriptor;
}

/** All actions, each with its connector. */
export function actionsOf(components = []) {
  return components.flatMap((component) =>
    component.actions.map((action) => ({ component, action })),
  );
}
