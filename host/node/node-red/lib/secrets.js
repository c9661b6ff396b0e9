// Splits the properties of a connection into secrets, which are Node-RED credentials,
// and those that are stored in the flow file.

exports.secretsOf = (properties) => properties.filter(({ secret }) => secret);

exports.openOf = (properties) => properties.filter(({ secret }) => !secret);
