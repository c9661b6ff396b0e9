// What is sent of a form's value.

/**
 * Lists and maps in which nothing is are left out: rjsf makes them, and for the
 * service they are as good as not given.
 */
export function sentInput(value) {
  const isEmpty = (member) =>
    member === undefined ||
    (typeof member === 'object' && member !== null && Object.keys(member).length === 0);
  return Object.fromEntries(Object.entries(value ?? {}).filter(([, member]) => !isEmpty(member)));
}
