// Tabs with arrow key navigation.

import { useRef } from 'react';

/**
 * @param {{tabs: {id: string, label: string, badge?: string | false, isKept?: boolean,
 *   content: import('react').ReactNode}[],
 *   current: string, onChange: (id: string) => void}} props
 */
export function Tabs({ tabs, current, onChange }) {
  const list = useRef(null);
  // A panel is rendered when it is opened. What is kept stays as the user left it;
  // the others need no work while they are hidden.
  const opened = useRef(new Set());
  opened.current.add(current);
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) {
      const index = tabs.findIndex(({ id }) => id === current);
      const next = (index + step + tabs.length) % tabs.length;
      onChange(tabs[next].id);
      list.current.children[next].focus();
    }
  };
  return (
    <div className="tabs">
      <div className="tab-list" role="tablist" ref={list} onKeyDown={move}>
        {tabs.map(({ id, label, badge }) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`tab-${id}`}
            aria-controls={`panel-${id}`}
            aria-selected={id === current}
            tabIndex={id === current ? 0 : -1}
            onClick={() => onChange(id)}
          >
            {label}
            {badge && (
              <span className="badge">
                <span className="hidden">, {badge}</span>
              </span>
            )}
          </button>
        ))}
      </div>
      {tabs.map(({ id, content, isKept }) => (
        <div
          key={id}
          role="tabpanel"
          // A panel may scroll and contain nothing that takes the focus.
          tabIndex={0}
          className="panel"
          id={`panel-${id}`}
          aria-labelledby={`tab-${id}`}
          hidden={id !== current}
        >
          {(id === current || (isKept && opened.current.has(id))) && content}
        </div>
      ))}
    </div>
  );
}
