// The sources that an answer cites.

import { useId } from 'react';

export function Sources({ sources }) {
  const id = useId();
  return sources.length > 0 ? (
    <section className="sources" aria-labelledby={id}>
      <h3 id={id}>Sources</h3>
      <ol>
        {sources.map(({ url, title, host }) => (
          <li key={url}>
            <a href={url} target="_blank" rel="noopener noreferrer">
              <bdi className="source-title">{title}</bdi>
              <span className="source-host">{host}</span>
            </a>
          </li>
        ))}
      </ol>
    </section>
  ) : null;
}
