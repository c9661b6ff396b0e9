// Puts a text or a file into an input.

import { nextMessage } from '../form/fields/messages.jsx';
import { parsePath } from '../form/property-path.js';
import { messageShape, propertiesOf } from '../form/schema.js';

/**
 * @param {object} schema of the action
 * @param {object} input its draft
 * @param {string} property such as `file` or `messages[0].content`
 * @param {unknown} value
 */
export function placed(schema, input, property, value) {
  const [name] = parsePath(property);
  const own = propertiesOf(schema)[name];
  if (own?.type !== 'array') {
    return { ...input, [name]: value };
  }
  const items = input[name] ?? [];
  const shape = messageShape(own);
  if (!shape) {
    return { ...input, [name]: [...items.filter((item) => item !== ''), value] };
  }
  // An empty last message is filled in; otherwise the text becomes a new one.
  const isOpen = items.length > 0 && !items.at(-1)?.[shape.text];
  const last = isOpen ? items.at(-1) : nextMessage(own.items, shape, items);
  const before = isOpen ? items.slice(0, -1) : items;
  return { ...input, [name]: [...before, { ...last, [shape.text]: value }] };
}
