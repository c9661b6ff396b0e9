// Reads counts from a run's metadata.

import { isObject } from './shape.js';

/** The counts that are not zero, by name. */
export function countsIn(metadata) {
  const usage = isObject(metadata?.usage) ? metadata.usage : {};
  return Object.entries(usage).filter(([, count]) => Number.isFinite(count) && count !== 0);
}

/** The number of tokens of the visible answer, if the provider reports it. */
export function answerTokens(metadata) {
  const counts = Object.fromEntries(countsIn(metadata));
  const tokens = counts.outputTokens ?? counts.completionTokens;
  return tokens && Math.max(0, tokens - (counts.reasoningTokens ?? 0));
}
