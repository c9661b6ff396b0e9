// The sources that an answer cites.

export function Sources({ sources }) {
  return sources.length > 0 ? (
    <section className="sources" aria-labelledby="sources">
      <h3 id="sources">Sources</h3>
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
