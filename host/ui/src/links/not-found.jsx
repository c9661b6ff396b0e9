// Shown for an address that names no action of this service.

import { linkTo } from './link.js';

const MAX_SHOWN = 5;

export function NotFound({ address, actions }) {
  return (
    <section className="not-found">
      <h2>Not found</h2>
      <p>
        This service has no action <code>{address}</code>. Check the link, or ask whoever runs the
        service to add the connector.
      </p>
      <h3>Did you mean</h3>
      <ul>
        {similar(address, actions).map(({ component, action }) => (
          <li key={action.address}>
            <a href={linkTo(action.address)}>
              {action.title} <span>{component.title}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The actions whose addresses have the most in common with this one. */
function similar(address, actions) {
  const wanted = address.toLowerCase().split(/\W+/).filter(Boolean);
  const score = ({ action }) => {
    const parts = action.address.toLowerCase().split('/');
    return wanted.filter((word) => parts.some((part) => part.includes(word) || word.includes(part)))
      .length;
  };
  return actions.toSorted((one, other) => score(other) - score(one)).slice(0, MAX_SHOWN);
}
