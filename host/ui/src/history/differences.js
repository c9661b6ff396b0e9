// The differences between two inputs.

/**
 * @param {unknown} one
 * @param {unknown} other
 * @returns {{path: string, one: unknown, other: unknown}[]} the values that are not equal
 */
export function differences(one, other, path = '') {
  if (JSON.stringify(one) === JSON.stringify(other)) {
    return [];
  }
  // A missing list or object differs in each of its values.
  if (one === undefined && isContainer(other)) {
    return differences(Array.isArray(other) ? [] : {}, other, path);
  }
  if (other === undefined && isContainer(one)) {
    return differences(one, Array.isArray(one) ? [] : {}, path);
  }
  if (!isContainer(one) || !isContainer(other) || Array.isArray(one) !== Array.isArray(other)) {
    return [{ path, one, other }];
  }
  const steps = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return steps.flatMap((step) => {
    const inner = Array.isArray(one) ? `${path}[${step}]` : path ? `${path}.${step}` : step;
    return differences(one[step], other[step], inner);
  });
}

const isContainer = (value) => typeof value === 'object' && value !== null;
