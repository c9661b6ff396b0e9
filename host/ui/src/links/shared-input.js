// The part of an input that a link carries.

import { initialInput } from '../form/initial.js';
import { withoutSecrets } from '../form/schema.js';
import { changedInput } from '../form/sent.js';

/** What the user has entered, without secrets; empty for a form as it was opened. */
export function sharedInput(schema, input) {
  const shared = changedInput(schema, withoutSecrets(schema, input));
  const initial = changedInput(schema, initialInput(schema));
  return JSON.stringify(shared) === JSON.stringify(initial) ? {} : shared;
}
