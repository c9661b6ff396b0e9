// Selects a connector and one of its actions.

import { useEffect, useRef } from 'react';
import { linkTo } from './links/link.js';
import { go } from './links/route.js';
import { Search } from './parts/icons.jsx';
import { showDialog } from './state/shown.js';

export function Picker({ components, open }) {
  const nav = useRef(null);
  // There may be more actions than fit.
  useEffect(() => {
    nav.current
      .querySelector('[aria-current]')
      ?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [open?.action.address]);
  return (
    <header className="top">
      <div className="top-row">
        <div className="top-connector">
          {open?.component.icon && (
            <span className="top-icon">
              <img src={iconUrl(open.component.icon)} alt="" width="24" height="24" />
            </span>
          )}
          {components.length > 1 ? (
            <>
              <h1 className="hidden">{open?.component.title ?? 'Connectors'}</h1>
              <label className="hidden" htmlFor="connector">
                Connector
              </label>
              <select
                id="connector"
                className="input select top-select"
                value={open?.component.address ?? ''}
                onChange={({ target }) =>
                  go(components.find(({ address }) => address === target.value).actions[0].address)
                }
              >
                {!open && <option value="">Choose a connector</option>}
                {components.map(({ address, title, version }) => (
                  <option key={address} value={address}>
                    {title} v{version}
                  </option>
                ))}
              </select>
            </>
          ) : (
            <h1>{open?.component.title ?? 'Connectors'}</h1>
          )}
        </div>
        <span className="spring" />
        <button
          type="button"
          className="button top-search"
          aria-keyshortcuts="Control+K"
          onClick={() => showDialog({ kind: 'palette' })}
        >
          <Search /> Search <kbd>Ctrl K</kbd>
        </button>
      </div>
      <nav aria-label="Actions" ref={nav}>
        {open?.component.actions.map(({ address, title }) => (
          <a
            key={address}
            // A bare fragment would be a link to a place on this page.
            href={`./${linkTo(address)}`}
            aria-current={address === open.action.address ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
    </header>
  );
}

/** Icons are shown as images, in which SVG cannot run scripts. */
function iconUrl(icon) {
  return icon.startsWith('<') ? `data:image/svg+xml,${encodeURIComponent(icon)}` : icon;
}
