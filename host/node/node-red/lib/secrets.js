// Which properties of a connection are credentials of Node-RED, and which are
// in the flow's file.

exports.secretsOf = (properties) => properties.filter(({ secret }) => secret);

exports.openOf = (properties) => properties.filter(({ secret }) => !secret);
