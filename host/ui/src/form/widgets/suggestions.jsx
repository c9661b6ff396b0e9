// An input that suggests values: the schema's own, or the dynamic options that the
// connector returns. It accepts any value, unless the schema's list is closed; then
// what the user types only searches the list.

import { useId, useRef, useState } from 'react';
import { ariaDescribedByIds } from '@rjsf/utils';
import { Chevron } from '../../parts/icons.jsx';
import { ownChoices, takesJson } from '../schema.js';
import { useOptions } from './use-options.js';

const NO_MATCH = 'No match. You can still use this value.';

export function Suggestions(props) {
  const { id, value, required, placeholder, onChange, onBlur, rawErrors, schema, label } = props;
  const listId = useId();
  const input = useRef(null);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  // Only what the user types filters the list, not the previous value.
  const [search, setSearch] = useState('');
  const isClosed = schema.oneOf !== undefined;
  const display = (one) => (isClosed ? labelIn(ownChoices(schema), one) : shown(one));
  const [text, setText] = useState(() => display(value));
  const isTyping = isClosed ? isOpen && search !== '' : same(typed(text, schema), value);
  const current = isTyping ? text : display(value);

  const { options, note, isLoading, load } = useOptions(schema['x-options-source']?.property);
  const choices = (options ?? ownChoices(schema)).filter(matches(search));
  const chosen = ownChoices(schema).find((choice) => choice.value === value);

  const open = () => {
    setOpen(true);
    load('');
  };
  const close = () => {
    setOpen(false);
    setActive(-1);
    setSearch('');
  };
  const type = (next) => {
    setText(next);
    setSearch(next);
    setActive(-1);
    setOpen(true);
    load(next);
    if (!isClosed) {
      onChange(typed(next, schema));
    } else if (next === '') {
      onChange(undefined);
    }
  };
  const choose = (choice) => {
    setText(display(choice.value));
    onChange(choice.value);
    close();
  };
  const press = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (!isOpen) {
        open();
      }
      setActive((active + step + choices.length) % choices.length);
    } else if (event.key === 'Enter' && choices[active]) {
      event.preventDefault();
      choose(choices[active]);
    } else if (event.key === 'Escape' && isOpen) {
      // Keeps a dialog around it open.
      event.preventDefault();
      close();
    }
  };

  const needsDescription = chosen && (chosen.description || (!isClosed && chosen.label !== value));
  return (
    <div
      className="suggestions"
      onBlur={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget)) {
          close();
          onBlur(id, value);
        }
      }}
    >
      <input
        ref={input}
        id={id}
        className="input"
        type="text"
        role="combobox"
        aria-expanded={isOpen}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && choices[active] ? `${listId}-${active}` : undefined}
        aria-invalid={rawErrors?.length > 0}
        aria-describedby={ariaDescribedByIds(id)}
        autoComplete="off"
        spellCheck={false}
        required={required}
        placeholder={placeholder}
        value={current}
        onClick={open}
        onChange={({ target }) => type(target.value)}
        onKeyDown={press}
      />
      <button
        type="button"
        className="suggestions-toggle"
        tabIndex={-1}
        aria-label={`Show options for ${label}`}
        aria-expanded={isOpen}
        onClick={() => {
          input.current.focus();
          if (isOpen) {
            close();
          } else {
            open();
          }
        }}
      >
        <Chevron />
      </button>
      <ul
        className="suggestions-list"
        role="listbox"
        id={listId}
        aria-label={label}
        hidden={!isOpen}
      >
        {isLoading && <li className="suggestions-note">Loading…</li>}
        {choices.map((choice, index) => (
          <li
            key={JSON.stringify(choice.value)}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={same(choice.value, value)}
            className={index === active ? 'active' : undefined}
            ref={(item) => index === active && item?.scrollIntoView({ block: 'nearest' })}
            // The input must keep the focus until the click arrives.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => choose(choice)}
          >
            <span>{choice.label}</span>
            {!isClosed && choice.label !== shown(choice.value) && (
              <code>{shown(choice.value)}</code>
            )}
            {choice.description && <small>{choice.description}</small>}
          </li>
        ))}
        {!isLoading && choices.length === 0 && (
          <li className="suggestions-note">
            {note ?? (search ? (isClosed ? 'No match.' : NO_MATCH) : 'No options.')}
          </li>
        )}
      </ul>
      {note && (
        <span className="field-note" role="status">
          {note} – you can still enter a value.
        </span>
      )}
      {needsDescription && (
        <span className="choice-description">
          {[!isClosed && chosen.label !== value && chosen.label, chosen.description]
            .filter(Boolean)
            .join(': ')}
        </span>
      )}
    </div>
  );
}

/** The label of a value from a closed list. */
function labelIn(choices, value) {
  return choices.find((choice) => same(choice.value, value))?.label ?? shown(value);
}

/** The input's text for a value. */
function shown(value) {
  if (value === undefined || value === null) {
    return '';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The value for the entered text. Only lists and objects are parsed as JSON: `1` may be a name. */
function typed(text, schema) {
  if (text === '') {
    return undefined;
  }
  if (takesJson(schema) && /^\s*[[{]/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return text;
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

function matches(search) {
  const wanted = search.trim().toLowerCase();
  return ({ label, value }) =>
    label.toLowerCase().includes(wanted) || shown(value).toLowerCase().includes(wanted);
}
