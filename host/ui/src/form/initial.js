// What a form begins with.

import { nextMessage } from './fields/messages.jsx';
import { messageShape, propertiesOf } from './schema.js';

/** Lists of messages that must have one have it, with its speaker. */
export function initialInput(schema) {
  const lists = Object.entries(propertiesOf(schema)).filter(
    ([, property]) => property.minItems > 0 && messageShape(property),
  );
  return Object.fromEntries(
    lists.map(([name, list]) => [name, [nextMessage(list.items, messageShape(list), [])]]),
  );
}
