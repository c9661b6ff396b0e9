// Recognizes lists of sources that an answer cites: objects with a `url` and perhaps
// a `title`.

/** @returns {{url: string, title: string, host: string}[]} without duplicates */
export function sourcesIn(list) {
  const sources = new Map();
  for (const { url, title } of list.filter((one) => typeof one?.url === 'string')) {
    const host = hostOf(url);
    if (host && !sources.has(url)) {
      sources.set(url, { url, host, title: typeof title === 'string' && title ? title : url });
    }
  }
  return [...sources.values()];
}

/** Undefined unless it is an address on the web. */
function hostOf(url) {
  try {
    const { protocol, host } = new URL(url);
    return /^https?:$/.test(protocol) ? host : undefined;
  } catch {
    return undefined;
  }
}
