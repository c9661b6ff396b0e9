// An editor for JSON: a text area, with the text in colors behind it, line numbers,
// and completion from the schema.
//
// CodeMirror 6 would be 100 KB even without completion, which is more than the page has
// left, and adds style elements, which the Content-Security-Policy forbids.

import { useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { completionsAt } from './completions.js';
import { Highlighted } from './highlighted.jsx';
import { outline } from './outline.js';

/**
 * @param {object} props
 * @param {string} props.id
 * @param {string} props.label
 * @param {object} props.schema
 * @param {string} props.text
 * @param {{from: number, line: number}[]} props.problems
 * @param {string} props.describedBy
 * @param {(text: string) => void} props.onChange
 * @param {(text: string) => boolean} props.onPaste whether the text was used otherwise
 * @param {import('react').Ref} props.box
 */
export function JsonEditor(props) {
  const { id, label, schema, text, problems, describedBy, onChange, onPaste, box } = props;
  const listId = useId();
  const frame = useRef(null);
  const [list, setList] = useState();
  const [active, setActive] = useState(0);
  const { tokens } = useMemo(() => outline(text), [text]);
  const lines = useMemo(() => text.split('\n').length, [text]);
  const wrongLines = new Set(problems.map(({ line }) => line));
  const caret = useRef();

  // Grows with its text, so that only the page scrolls.
  useLayoutEffect(() => {
    const { style } = box.current;
    style.height = 'auto';
    style.height = `${box.current.scrollHeight}px`;
    if (caret.current !== undefined) {
      box.current.setSelectionRange(caret.current, caret.current);
      caret.current = undefined;
    }
  }, [text, box]);

  const close = () => setList(undefined);
  const suggest = (next, position) => {
    const found = completionsAt(schema, next, position);
    const isUseful = found.items.length > 0;
    setList(
      isUseful
        ? { ...found, place: placeAt(box.current, frame.current, next, found.from) }
        : undefined,
    );
    setActive(0);
  };
  /** Replaces a part of the text so that the browser can undo it. */
  const insert = (from, to, inserted, position) => {
    box.current.setSelectionRange(from, to);
    caret.current = from + position;
    if (!document.execCommand('insertText', false, inserted)) {
      onChange(text.slice(0, from) + inserted + text.slice(to));
    }
  };
  const choose = (item) => {
    close();
    insert(list.from, list.to, item.text, item.caret);
  };

  const type = ({ target }) => {
    const { value, selectionStart } = target;
    onChange(value);
    const isGrowing = value.length > text.length;
    if (isGrowing && caret.current === undefined && /["\w]/.test(value[selectionStart - 1] ?? '')) {
      suggest(value, selectionStart);
    } else {
      close();
    }
  };
  const press = (event) => {
    const { selectionStart: from, selectionEnd: to } = event.target;
    if (event.key === ' ' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      suggest(text, from);
    } else if (list && LIST_KEYS[event.key]) {
      event.preventDefault();
      setActive((active + LIST_KEYS[event.key] + list.items.length) % list.items.length);
    } else if (
      list &&
      (event.key === 'Tab' || (event.key === 'Enter' && !event.ctrlKey && !event.metaKey))
    ) {
      event.preventDefault();
      choose(list.items[active]);
    } else if (list && event.key === 'Escape') {
      event.preventDefault();
      close();
    } else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const [inserted, position] = lineBreak(text, from, to);
      insert(from, to, inserted, position);
    }
  };

  return (
    <div className="editor" dir="ltr">
      <div className="editor-lines" aria-hidden="true">
        {Array.from({ length: lines }, (_, index) => (
          <span key={index} className={wrongLines.has(index + 1) ? 'editor-wrong' : undefined}>
            {index + 1}
          </span>
        ))}
      </div>
      <div className="editor-scroll">
        <div className="editor-frame" ref={frame}>
          <pre className="editor-colors" aria-hidden="true">
            <Highlighted text={text} tokens={tokens} problems={problems} />
            {'\n'}
          </pre>
          <textarea
            ref={box}
            id={id}
            className="editor-text"
            aria-label={label}
            aria-invalid={problems.length > 0}
            aria-describedby={describedBy}
            aria-autocomplete="list"
            aria-controls={list ? listId : undefined}
            aria-activedescendant={list ? `${listId}-${active}` : undefined}
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            wrap="off"
            value={text}
            onChange={type}
            onKeyDown={press}
            onBlur={close}
            onClick={close}
            onPaste={(event) => {
              if (onPaste(event.clipboardData.getData('text'))) {
                event.preventDefault();
              }
            }}
          />
          {list && (
            <ul
              className="suggestions-list editor-list"
              role="listbox"
              // It scrolls. Tab never moves here, because it chooses a completion.
              tabIndex={0}
              id={listId}
              aria-label="Completions"
              style={{ insetInlineStart: list.place.left, top: list.place.top }}
            >
              {list.items.map((item, index) => (
                <li
                  key={item.text}
                  id={`${listId}-${index}`}
                  role="option"
                  aria-selected={index === active}
                  className={index === active ? 'active' : undefined}
                  ref={(element) =>
                    index === active && element?.scrollIntoView({ block: 'nearest' })
                  }
                  // The text area must keep the focus until the click arrives.
                  onPointerDown={(event) => event.preventDefault()}
                  onClick={() => choose(item)}
                >
                  <code>{item.label}</code>
                  {item.detail && <small>{item.detail}</small>}
                </li>
              ))}
            </ul>
          )}
        </div>
      </div>
    </div>
  );
}

const LIST_KEYS = { ArrowDown: 1, ArrowUp: -1 };

/** The place of a position in the text, in pixels; all characters are equally wide. */
function placeAt(box, frame, text, position) {
  const before = text.slice(0, position).split('\n');
  const { lineHeight, paddingTop, paddingLeft } = getComputedStyle(box);
  const left = parseFloat(paddingLeft) + before.at(-1).length * characterWidth(box);
  const top = parseFloat(paddingTop) + before.length * parseFloat(lineHeight);
  // Stays in the frame, which may be as narrow as a phone.
  return { left: Math.max(0, Math.min(left, frame.clientWidth - 260)), top };
}

function characterWidth(box) {
  const context = document.createElement('canvas').getContext('2d');
  context.font = getComputedStyle(box).font;
  return context.measureText('m').width;
}

/** A line break that keeps the indentation, and what the caret moves by. */
function lineBreak(text, from, to) {
  const line = text.slice(text.lastIndexOf('\n', from - 1) + 1, from);
  const indent = /^ */.exec(line)[0];
  const isOpening = /[[{]\s*$/.test(line);
  const isClosing = /^\s*[\]}]/.test(text.slice(to));
  const inner = isOpening ? `${indent}  ` : indent;
  const start = `\n${inner}`;
  return [isOpening && isClosing ? `${start}\n${indent}` : start, start.length];
}
