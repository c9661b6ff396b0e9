// Paths to values inside JSON, as the service writes them: `data[0].url`.

/**
 * @param {(string | number)[]} steps
 * @returns {string} empty for the whole value
 */
export function pathText(steps) {
  return steps
    .map((step, index) => {
      if (typeof step === 'number') {
        return `[${step}]`;
      }
      if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step)) {
        return `[${JSON.stringify(step)}]`;
      }
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}
