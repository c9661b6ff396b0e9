// The shapes that an action declares for its output.

import { useEffect, useMemo } from 'react';
import { descriptorOf } from '../state/catalog.js';
import { useStore } from '../state/store.js';
import { shapesOf } from './reading/shape.js';

/**
 * @param {string} address of an action
 * @returns {import('./reading/shape.js').Shape[]} empty until they have been loaded
 */
export function useShapes(address) {
  const at = address.lastIndexOf('/');
  const component = address.slice(0, at);
  const descriptor = useStore((state) => state.catalog.descriptors[component]);
  useEffect(() => {
    // Without shapes, a result is shown as plainly as possible.
    descriptorOf(component).catch(() => {});
  }, [component]);
  return useMemo(() => {
    const name = address.slice(at + 1);
    return shapesOf(descriptor?.actions.find((action) => action.name === name));
  }, [descriptor, address, at]);
}
