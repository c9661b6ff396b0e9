// Selects a connector and one of its actions.

import { hrefOf } from './route.js';

export function Picker({ components, open }) {
  const go = (address) => {
    location.hash = hrefOf(address);
  };
  return (
    <header className="top">
      <div className="top-connector">
        {open?.component.icon && <img src={iconUrl(open.component.icon)} alt="" width="28" height="28" />}
        {components.length > 1 ? (
          <>
            <label className="hidden" htmlFor="connector">
              Connector
            </label>
            <select
              id="connector"
              className="input select top-select"
              value={open?.component.address}
              onChange={({ target }) =>
                go(components.find(({ address }) => address === target.value).actions[0].address)
              }
            >
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
      <nav aria-label="Actions">
        {open?.component.actions.map(({ address, title }) => (
          <a
            key={address}
            href={hrefOf(address)}
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
