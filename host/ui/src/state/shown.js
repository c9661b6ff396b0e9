// Which tab and which dialog are open.

import { store } from './store.js';

export const showTab = (tab) => store.change('shown', { tab });
export const showDialog = (dialog) => store.change('shown', { dialog });
export const closeDialog = () => store.change('shown', { dialog: undefined });
