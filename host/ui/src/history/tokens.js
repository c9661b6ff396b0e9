// Reads the number of tokens from a run's usage, whatever its provider calls them.

/** @returns {number | undefined} */
export function tokensOf(metadata) {
  const counts = Object.entries(metadata?.usage ?? {}).filter(
    ([, value]) => typeof value === 'number',
  );
  const total = counts.find(([name]) => /^total_?tokens$/i.test(name));
  if (total) {
    return total[1];
  }
  const parts = counts.filter(([name]) => /^(input|output|prompt|completion)_?tokens$/i.test(name));
  return parts.length > 0 ? parts.reduce((sum, [, value]) => sum + value, 0) : undefined;
}
