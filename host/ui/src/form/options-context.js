// The function that controls use to request the dynamic options of a property.
// Undefined in forms that do not belong to an action.

import { createContext } from 'react';

/**
 * @typedef {{disabled: boolean, placeholder?: string | null,
 *   options: {label: string, value: unknown, description?: string}[]}} Options
 */

/** Takes a property, the search text and a signal; resolves to `Options`. */
export const OptionsContext = createContext(undefined);
