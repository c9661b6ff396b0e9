// The initial value of a form.

import { nextMessage } from './fields/messages.jsx';
import { messageShape, propertiesOf } from './schema.js';

/** Adds a first message, with its speaker, to each list that requires one. */
export function initialInput(schema) {
  const lists = Object.entries(propertiesOf(schema)).filter(
    ([, property]) => property.minItems > 0 && messageShape(property),
  );
  return Object.fromEntries(
    lists.map(([name, list]) => [name, [nextMessage(list.items, messageShape(list), [])]]),
  );
}
