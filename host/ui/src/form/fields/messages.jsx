// A list of messages, displayed as a conversation: the text at full width and, in small
// type above it, the speaker or the weight.

import { useEffect, useRef } from 'react';
import { Add } from '../../parts/icons.jsx';
import { messageShape, ownChoices } from '../schema.js';
import { Group } from './group.jsx';
import { Message } from './message.jsx';

export function Messages(props) {
  const { schema, uiSchema, formData = [], fieldPathId, onChange } = props;
  const shape = messageShape(schema);
  const list = useRef(null);
  const focusLast = useRef(false);
  useEffect(() => {
    if (focusLast.current) {
      focusLast.current = false;
      list.current.lastElementChild?.querySelector('textarea')?.focus();
    }
  });

  const put = (next) => onChange(next, fieldPathId.path);
  const add = () => {
    focusLast.current = true;
    put([...formData, nextMessage(schema.items, shape, formData)]);
  };
  const move = (from, to) => put(formData.toSpliced(from, 1).toSpliced(to, 0, formData[from]));

  return (
    <Group field={props}>
      <ol className="messages" ref={list}>
        {formData.map((message, index) => (
          <Message
            // A message is identified only by its position.
            key={`${index}`}
            field={props}
            shape={shape}
            index={index}
            count={formData.length}
            message={message ?? {}}
            placeholder={uiSchema?.items?.[shape.text]?.['ui:placeholder']}
            onChange={(next) => put(formData.with(index, next))}
            onMove={(to) => move(index, to)}
            onRemove={() => put(formData.toSpliced(index, 1))}
          />
        ))}
      </ol>
      <button type="button" className="button button-small" onClick={add}>
        <Add /> Add message
      </button>
    </Group>
  );
}

/** Speakers take turns, so the next message comes from whoever spoke before the last speaker. */
export function nextMessage(items, shape, messages) {
  const choice = shape.others.find((name) => items.properties[name].oneOf);
  const usual = items.properties[choice]?.default;
  if (!choice || (usual === undefined && !items.required?.includes(choice))) {
    return {};
  }
  const values = ownChoices(items.properties[choice]).map(({ value }) => value);
  const speakers = messages.map((message) => message?.[choice] ?? usual);
  const last = speakers.at(-1);
  const turn = speakers.findLast((speaker) => speaker !== last);
  const first = values.includes('user') ? 'user' : values[0];
  const other = values.includes('assistant') ? 'assistant' : first;
  const next = last === first ? other : last === other ? first : (turn ?? first);
  return { [choice]: next };
}
