// An object or a list as a tree. The chosen row can be copied, and the path to it. Arrow keys move
// as in any tree.

import { useMemo, useRef, useState } from 'react';
import { CopyButton } from '../../parts/copy-button.jsx';
import { Chevron } from '../../parts/icons.jsx';
import { count, jsonText, shortJson, shortened } from '../reading/json-text.js';
import { PAGE, firstOpen, rowsOf } from '../reading/tree.js';

/** The part of a text that the chosen row shows. */
const MAX_TEXT = 10_000;

export function Tree({ value, label }) {
  const [open, setOpen] = useState(() => firstOpen(value));
  const [limits, setLimits] = useState(() => new Map());
  const [chosen, setChosen] = useState();
  const list = useRef(null);
  const rows = useMemo(() => rowsOf(value, open, limits), [value, open, limits]);
  const at = rows.findIndex(({ id }) => id === chosen);
  const current = rows[Math.max(0, at)];

  const toggle = (row, isOpen) => {
    const next = new Set(open);
    next[isOpen ? 'add' : 'delete'](row.id);
    setOpen(next);
  };
  const showMore = ({ parent }) =>
    setLimits(new Map(limits).set(parent, (limits.get(parent) ?? PAGE) + PAGE));
  const choose = (row) => {
    setChosen(row.id);
    list.current.querySelector(`[data-row="${CSS.escape(row.id)}"]`)?.focus();
  };
  const activate = (row) => {
    choose(row);
    if (row.more) {
      showMore(row);
    } else if (row.isBranch) {
      toggle(row, !row.isOpen);
    }
  };
  const press = (event) => {
    const index = Math.max(0, at);
    const step = {
      ArrowDown: () => rows[index + 1],
      ArrowUp: () => rows[index - 1],
      Home: () => rows[0],
      End: () => rows.at(-1),
      ArrowRight: () =>
        current.isBranch && !current.isOpen
          ? toggle(current, true)
          : current.isOpen && rows[index + 1],
      ArrowLeft: () =>
        current.isOpen ? toggle(current, false) : rows.find(({ id }) => id === current.parent),
      Enter: () => activate(current),
      ' ': () => activate(current),
    }[event.key];
    if (step && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      const next = step();
      if (next) {
        choose(next);
      }
    }
  };

  return (
    <div className="tree">
      <TreeBar row={rows[at]} value={value} />
      <ul
        className="tree-rows"
        role="tree"
        aria-label={label}
        ref={list}
        onKeyDown={press}
        dir="ltr"
      >
        {rows.map((row) => (
          <TreeRow
            key={row.id}
            row={row}
            isChosen={row.id === chosen}
            isFocusable={row === current}
            onActivate={activate}
          />
        ))}
      </ul>
    </div>
  );
}

function TreeBar({ row, value }) {
  const isValue = row && !row.more;
  return (
    <div className="tree-bar">
      {isValue ? (
        <code className="tree-path">{row.id}</code>
      ) : (
        <span className="tree-path">Select a value to copy it</span>
      )}
      {isValue && <CopyButton text={row.id} label="Copy path" />}
      <CopyButton
        text={() => jsonText(isValue ? row.value : value)}
        label={isValue ? 'Copy value' : 'Copy all'}
      />
    </div>
  );
}

function TreeRow({ row, isChosen, isFocusable, onActivate }) {
  const { id, level, name, value, isBranch, isOpen, more } = row;
  return (
    <li
      role="treeitem"
      data-row={id}
      aria-level={level}
      aria-expanded={isBranch ? isOpen : undefined}
      aria-selected={isChosen}
      tabIndex={isFocusable ? 0 : -1}
      style={{ '--level': Math.min(level - 1, 20) }}
      onClick={() => onActivate(row)}
    >
      <span className="tree-mark">{isBranch && <Chevron />}</span>
      {more ? (
        <span className="tree-more">
          Show {Math.min(more, PAGE)} more of {more.toLocaleString('en')}
        </span>
      ) : (
        <>
          <span className="tree-name">{name}</span>
          <TreeValue value={value} isBranch={isBranch} isOpen={isOpen} isChosen={isChosen} />
        </>
      )}
    </li>
  );
}

function TreeValue({ value, isBranch, isOpen, isChosen }) {
  if (isBranch) {
    return <span className="tree-size">{isOpen ? size(value) : shortJson(value)}</span>;
  }
  const isText = typeof value === 'string';
  const text = isText && isChosen ? shortened(value, MAX_TEXT) : shortJson(value, 200);
  return (
    <span className={`tree-value tree-${value === null ? 'null' : typeof value}`}>{text}</span>
  );
}

const size = (value) =>
  Array.isArray(value) ? count(value.length, 'item') : count(Object.keys(value).length, 'member');
