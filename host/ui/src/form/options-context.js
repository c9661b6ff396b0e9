// How controls ask a connector for the current choices of a property. Forms
// without a connector behind them have none to ask.

import { createContext } from 'react';

/**
 * @typedef {{disabled: boolean, placeholder?: string | null,
 *   options: {label: string, value: unknown, description?: string}[]}} Options
 */

/** Takes a property, what was typed and a signal; resolves to `Options`. */
export const OptionsContext = createContext(undefined);
