// Prepares a form's value for sending.

/**
 * Drops empty lists and maps: rjsf creates them, and the service treats them as
 * unset.
 */
export function sentInput(value) {
  const isEmpty = (member) =>
    member === undefined ||
    (typeof member === 'object' && member !== null && Object.keys(member).length === 0);
  return Object.fromEntries(Object.entries(value ?? {}).filter(([, member]) => !isEmpty(member)));
}
