// The help in the sidebar, Markdown, from the descriptor.

const RUN = `
### What goes out

The first output carries the message with the action's output in \`msg.payload\`, or wherever
*Output to* says. \`msg.metadata\` tells of the run: model, usage, request id, attempts, duration.
With *Files as* Buffer each file in the output is a Buffer, and \`msg.files\` lists what was known
of them; with FILE_ENTRY they stay where they are, and the next node of this kind takes them from
there.

The second output tells what happens meanwhile, in \`msg.payload\`. \`msg.event\` says what:
\`delta\` (text, as it is written), \`progress\`, \`attempt\`, \`file\`, \`call\`, \`called\`.

A failure goes to Catch nodes. \`msg.failure\` is its record: \`kind\`, \`message\`, \`property\`,
\`status\`, \`requestSent\` and more.

A message with \`msg.reset\` stops the runs that go on. So do a deployment and the end of Node-RED.

### Files

A property that takes a file is given a Buffer (its name is taken from \`msg.filename\`, if there
is one), a \`data:\` URL, a FILE_ENTRY, a part of an upload (\`msg.req.files[0]\`), or a path on
Node-RED's machine.
`;

/** Of an action. */
export const actionHelp = (address, { name, description, help, properties }) =>
  [
    description,
    `\`${address}/${name}\``,
    help,
    '### Properties',
    propertyList(properties),
    RUN,
  ].join('\n\n');

/** Of the connections of a connector. */
export const connectionHelp = ({ description, connection, help }) =>
  [
    description,
    connection.help,
    '### Properties',
    propertyList(connection.properties),
    'Secrets are credentials of Node-RED: they are in no flow, and `${NAME}` in the box takes an environment variable.',
    help,
  ].join('\n\n');

const propertyList = (properties) => properties.map((property) => item(property, '')).join('\n');

function item({ name, label, description, children = [], ...rest }, indent) {
  const line = `${indent}- **${label || name}** (\`${name}\`): ${[description, ...facts(rest)].join(' ')}`;
  const [first] = children;
  const members = first && !first.name ? (first.children ?? []) : children;
  return [line, ...members.map((member) => item(member, `${indent}  `))].join('\n');
}

/** Limits, choices and defaults are in the table and not in its texts. */
function facts({ required, default: given, providerDefault, choices, limits = {} }) {
  const { minimum, maximum, maxLength, maxItems, maxBytes, accept } = limits;
  const told = [
    required && 'Required.',
    choices && `${choices.open ? 'Known' : 'One of'}: ${choices.known.map(named).join(', ')}.`,
    minimum !== undefined && `At least ${minimum}.`,
    maximum !== undefined && `At most ${maximum}.`,
    maxLength && `At most ${maxLength} characters.`,
    maxItems && `At most ${maxItems}.`,
    maxBytes && `At most ${Math.floor(maxBytes / 1048576)} MiB.`,
    accept && `Of the kind ${accept.join(', ')}.`,
    given !== undefined && `If it is not set: ${code(given)}.`,
    providerDefault !== undefined && `If it is not set, the provider takes ${code(providerDefault)}.`,
  ];
  return told.filter(Boolean);
}

const code = (value) => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

const named = ({ label, value }) => (label === String(value) ? code(value) : `${label} (${code(value)})`);
