// The input of the open action, and the ways to change it.

import { fitted } from '../form/fitting.js';
import { initialInput } from '../form/initial.js';
import { withSecretsOf, withoutSecrets } from '../form/schema.js';
import { changedInput } from '../form/sent.js';
import { linkTo } from '../links/link.js';
import { showLink } from '../links/route.js';
import { sharedInput } from '../links/shared-input.js';
import { drafts } from './storage.js';
import { store } from './store.js';

const work = () => store.get().work;

/** The stored draft of an action, or an empty form. */
export function draftOf(address, schema) {
  const draft = drafts.get(address);
  return draft === undefined ? initialInput(schema) : fitted(schema, draft).value;
}

/** Changes the input, as the user does by typing. */
export function changeInput(input) {
  const { address, form, input: before } = work();
  const stored = withoutSecrets(form.schema, input);
  // The form reports the defaults that it fills in as a change, too.
  const text = (value) => JSON.stringify(changedInput(form.schema, value));
  const isChanged = text(input) !== text(before);
  store.change('work', { input, ...(isChanged && { errors: undefined, cleared: undefined }) });
  drafts.put(address, stored);
  showInAddress();
}

export function showInAddress() {
  const { address, form, input } = work();
  showLink(linkTo(address, sharedInput(form.schema, input)));
}

/**
 * Fills in the form from somewhere else, and offers to undo that.
 *
 * @param {object} value
 * @param {string} text where the values come from
 * @returns {string[]} the paths of values that do not fit
 */
export function fill(value, text) {
  const { form, input } = work();
  const { value: next, dropped } = fitted(form.schema, value);
  changeInput({ ...initialInput(form.schema), ...next });
  const rest = dropped.length > 0 ? ` Left out: ${dropped.slice(0, 5).join(', ')}.` : '';
  store.change('work', { notice: { text: text + rest, undo: input } });
  return dropped;
}

export function undoFill() {
  const { notice } = work();
  changeInput(notice.undo);
  store.change('work', { notice: undefined });
}

export const dismissNotice = () => store.change('work', { notice: undefined });

/** Changes everything but the secrets, which only the form shows. */
export function changeVisible(value) {
  const { form, input } = work();
  changeInput(withSecretsOf(form.schema, value, input));
}

/** Clears the form or, right afterwards, undoes that. */
export function clear() {
  const { cleared, form, input } = work();
  changeInput(cleared ?? initialInput(form.schema));
  store.change('work', { cleared: cleared ? undefined : input, notice: undefined });
}

/** Switches to the JSON editor or the form, whose controls need values that fit. */
export function showInput(isJson) {
  const { form, input } = work();
  if (!isJson) {
    const { value, dropped } = fitted(form.schema, input);
    if (dropped.length > 0) {
      changeInput(value);
      const text = `The form cannot show ${dropped.slice(0, 5).join(', ')}.`;
      store.change('work', { notice: { text, undo: input } });
    }
  }
  store.change('shown', { isJson });
}
