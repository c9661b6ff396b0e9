// The initial value of a form.

import { nextMessage } from './fields/messages.jsx';
import { isFileList, messageShape, propertiesOf } from './schema.js';

/** Adds a first item to each list of objects that requires one, to messages with its speaker. */
export function initialInput(schema) {
  const lists = Object.entries(propertiesOf(schema)).filter(
    ([, list]) => list.minItems > 0 && list.items?.type === 'object' && !isFileList(list),
  );
  return Object.fromEntries(lists.map(([name, list]) => [name, [firstItem(list)]]));
}

function firstItem(list) {
  const shape = messageShape(list);
  return shape ? nextMessage(list.items, shape, []) : {};
}
