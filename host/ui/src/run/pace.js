// How fast text arrives: the time until the first of it, and tokens per second.

/**
 * @typedef {object} Timing
 * @property {number} startedAt in milliseconds
 * @property {number} [firstAt] when the first text arrived
 * @property {number} [lastAt] when the latest text arrived
 * @property {number} [weight] the estimated number of tokens that have arrived
 */

/** The timing after some more text. */
export function timed(timing, text, now) {
  return {
    ...timing,
    firstAt: timing.firstAt ?? now,
    lastAt: now,
    weight: (timing.weight ?? 0) + weigh(text),
  };
}

/**
 * @param {Timing} [timing]
 * @param {number} [tokens] the exact number, once the provider has reported it
 * @returns {{firstMs?: number, tokensPerSecond?: number}} no speed if the text arrived at once
 */
export function pace(timing, tokens) {
  if (timing?.firstAt === undefined) {
    return {};
  }
  const seconds = (timing.lastAt - timing.firstAt) / 1000;
  return {
    firstMs: timing.firstAt - timing.startedAt,
    tokensPerSecond: seconds > 0.2 ? Math.round((tokens ?? timing.weight) / seconds) : undefined,
  };
}

/** Estimates tokens: about four characters each or, in Chinese, Japanese and Korean, one. */
function weigh(text) {
  const wide = text.match(/[\u2E80-\uD7FF]/g)?.length ?? 0;
  return wide + (text.length - wide) / 4;
}
