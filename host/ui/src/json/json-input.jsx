// The input as JSON. Secrets are not in it; they stay in the form.

import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { secretsIn, withoutSecrets } from '../form/schema.js';
import { changedInput, completeInput } from '../form/sent.js';
import { readPasted } from '../paste/read.js';
import { Alert, Check } from '../parts/icons.jsx';
import { Sentence } from '../parts/sentence.jsx';
import { changeVisible, fill } from '../state/input.js';
import { store, useMembers, useStore } from '../state/store.js';
import { JsonEditor } from './editor.jsx';
import { check } from './problems.js';

export function JsonInput() {
  const { form, input, address } = useMembers('work', 'form', 'input', 'address');
  const isOnlyChanged = useStore((state) => state.shown.isOnlyChanged);
  const [text, setText] = useState(() => textOf(form.schema, input, isOnlyChanged));
  const box = useRef(null);
  // The input that the text represents. Any other input was set elsewhere.
  const own = useRef(input);
  if (own.current !== input) {
    own.current = input;
    setText(textOf(form.schema, input, isOnlyChanged));
  }

  const checked = useDeferredValue(text);
  const { problems, value } = useMemo(
    () => check(form.schema, checked, input),
    // Of the input, only its secrets matter here, and they change only in the form.
    [form, checked],
  );
  const isBroken = value === undefined;
  useEffect(() => {
    store.change('work', { isBroken });
    return () => store.change('work', { isBroken: false });
  }, [isBroken]);

  const change = (next) => {
    setText(next);
    const parsed = check(form.schema, next, input).value;
    if (parsed) {
      changeVisible(parsed);
      own.current = store.get().work.input;
    }
  };
  const setOnlyChanged = (next) => {
    store.change('shown', { isOnlyChanged: next });
    setText(textOf(form.schema, input, next));
  };
  const paste = (pasted) => {
    const read = readPasted(pasted, form.schema);
    // Only a command is more than the JSON that the editor takes anyway.
    if (!read.isCommand || (read.address && read.address !== address)) {
      return false;
    }
    fill(read.input, 'Filled in from the command.');
    return true;
  };
  const jump = ({ from }) => {
    box.current.focus();
    box.current.setSelectionRange(from, from);
  };
  const hidden = secretsIn(form.schema, input).length;

  return (
    <section className="json-input" aria-label="Input as JSON">
      <div className="json-bar">
        <label className="checkbox">
          <input
            type="checkbox"
            checked={isOnlyChanged}
            onChange={() => setOnlyChanged(!isOnlyChanged)}
          />
          <span>Only changed fields</span>
        </label>
        <button
          type="button"
          className="button button-small"
          disabled={isBroken}
          onClick={() => change(JSON.stringify(value, null, 2))}
        >
          Format
        </button>
      </div>
      <JsonEditor
        id="json-input"
        label="Input as JSON"
        schema={form.schema}
        text={text}
        problems={problems}
        describedBy="json-problems"
        onChange={change}
        onPaste={paste}
        box={box}
      />
      <div id="json-problems" role="status">
        {problems.length === 0 ? (
          <p className="json-check">
            <Check /> Valid input
          </p>
        ) : (
          <ul className="problems">
            {problems.map((problem) => (
              <li key={`${problem.from} ${problem.message}`}>
                <button type="button" className="problem" onClick={() => jump(problem)}>
                  <Alert /> Line {problem.line}:{' '}
                  <span>
                    <Sentence text={problem.message} />
                  </span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
      <p className="field-description">
        <kbd>Ctrl</kbd> <kbd>Space</kbd> suggests fields and values.
        {hidden > 0 && ' Secrets are not shown here; they stay in the form.'}
      </p>
    </section>
  );
}

function textOf(schema, input, isOnlyChanged) {
  const visible = withoutSecrets(schema, input);
  const shown = isOnlyChanged ? changedInput(schema, visible) : completeInput(schema, visible);
  return JSON.stringify(shown, null, 2);
}
