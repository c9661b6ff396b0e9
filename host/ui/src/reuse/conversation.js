// Continues a conversation: an action whose text is an item of a list of messages,
// each with a speaker, takes its own answer as the next message.

import { nextMessage } from '../form/fields/messages.jsx';
import { parsePath } from '../form/property-path.js';
import { messageShape, propertiesOf } from '../form/schema.js';
import { isNarrow } from '../parts/use-is-narrow.js';
import { fill } from '../state/input.js';
import { showTab } from '../state/shown.js';

/**
 * @param {object} schema
 * @param {string | undefined} textProperty such as `messages[0].content`
 * @param {object} input of the run
 * @param {unknown} output of the run
 * @returns {{input: object, path: string[]} | undefined} the input with the answer and an
 *   empty message, and the path of its text; undefined if the action has no conversation
 */
export function conversationOf(schema, textProperty, input, output) {
  const [name] = parsePath(textProperty ?? '');
  const list = name && propertiesOf(schema)[name];
  const shape = list && messageShape(list);
  const text = textOf(output);
  if (!shape || text === undefined || !Array.isArray(input?.[name])) {
    return undefined;
  }
  const messages = input[name];
  const answer = nextMessage(list.items, shape, messages);
  if (Object.keys(answer).length === 0) {
    // Its messages have no speakers, so an answer is none of them.
    return undefined;
  }
  const answered = [...messages, { ...answer, [shape.text]: text }];
  const continued = [...answered, nextMessage(list.items, shape, answered)];
  return {
    input: { ...input, [name]: continued },
    path: [name, `${continued.length - 1}`, shape.text],
  };
}

export function continueConversation({ input, path }) {
  fill(input, 'The answer was added to the conversation.');
  if (isNarrow()) {
    showTab('form');
  }
  setTimeout(() => document.getElementById(['root', ...path].join('_'))?.focus());
}

function textOf(output) {
  if (typeof output === 'string') {
    return output;
  }
  return typeof output === 'object' && output !== null && !Array.isArray(output)
    ? JSON.stringify(output)
    : undefined;
}
