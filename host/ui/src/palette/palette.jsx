// The palette: searches actions, fields, past runs and commands as the user types.

import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { Search } from '../parts/icons.jsx';
import { useStore } from '../state/store.js';
import { entriesOf } from './entries.js';
import { ranked } from './ranked.js';

const MAX_SHOWN = 60;

export function Palette({ onClose }) {
  const state = useStore((whole) => whole);
  const dialog = useRef(null);
  const listId = useId();
  const [search, setSearch] = useState('');
  const [active, setActive] = useState(0);
  // The entries as they were when the palette opened: a stream changes the state often.
  const [entries] = useState(() => entriesOf(state));
  const shown = useMemo(() => ranked(entries, search).slice(0, MAX_SHOWN), [entries, search]);
  useEffect(() => {
    dialog.current.showModal();
  }, []);

  const choose = (entry) => {
    // Closing restores the focus, which the entry may move.
    dialog.current.close();
    entry?.open();
  };
  const press = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setActive((active + step + shown.length) % Math.max(1, shown.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      choose(shown[active]);
    }
  };
  return (
    <dialog
      ref={dialog}
      className="dialog palette"
      aria-label="Search"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current.close()}
    >
      <div className="palette-head">
        <Search />
        <input
          className="palette-input"
          role="combobox"
          aria-label="Search actions, fields and runs"
          aria-expanded="true"
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={shown[active] ? `${listId}-${active}` : undefined}
          placeholder="Search actions, fields and runs"
          autoComplete="off"
          spellCheck={false}
          value={search}
          onChange={({ target }) => {
            setSearch(target.value);
            setActive(0);
          }}
          onKeyDown={press}
        />
        <kbd>Esc</kbd>
      </div>
      <ul className="palette-list" role="listbox" id={listId} aria-label="Results">
        {shown.map((entry, index) => (
          <li
            key={entry.key}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === active}
            className={index === active ? 'active' : undefined}
            ref={(item) => index === active && item?.scrollIntoView({ block: 'nearest' })}
            onClick={() => choose(entry)}
          >
            <span className="palette-title">{entry.title}</span>
            <span className="palette-note">{entry.note}</span>
            <span className="palette-kind">{entry.kind}</span>
          </li>
        ))}
      </ul>
      <p className="palette-empty" role="status">
        {shown.length === 0 && 'Nothing found.'}
      </p>
    </dialog>
  );
}
