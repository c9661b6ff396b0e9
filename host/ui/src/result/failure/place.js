// Where a failure is shown: at its fields, at the connection, or in the result. Each
// message is shown once.

/**
 * @param {import('../../api/client.js').Problem} problem
 * @param {(property: string) => boolean} hasField
 * @returns {{fields: {property: string, message: string}[], isConnection: boolean,
 *   others: {property: string, message: string}[]}} `others` have no field
 */
export function placesOf({ failure }, hasField) {
  const all =
    failure?.violations?.length > 0 ? failure.violations : [failure].filter((one) => one?.property);
  const violations = all.map(({ property, message }) => ({
    property,
    message: withoutName(message, property),
  }));
  return {
    fields: violations.filter(({ property }) => hasField(property)),
    others: all.filter(({ property }) => !hasField(property)),
    isConnection: failure?.kind === 'unauthorized',
  };
}

/** Removes the property's name, which is redundant next to its field. */
function withoutName(message, property) {
  const name = `\`${property}\``;
  return message.startsWith(name) ? message.slice(name.length).replace(/^:? /, '') : message;
}
