// The help in the sidebar: Markdown, with property lists in the style of Node-RED's own
// nodes.

const DETAILS = `
### Details

A failure is sent to Catch nodes. \`msg.failure\` is its record: \`kind\`, \`message\`,
\`property\`, \`status\`, \`requestSent\` and more.

A message with \`msg.reset\`, a deployment or a shutdown of Node-RED stops the runs in progress.

### Files

A file property accepts a Buffer (named by \`msg.filename\`, if set), a \`data:\` URL, a
FILE_ENTRY, a part of an upload (\`msg.req.files[0]\`), or a path on Node-RED's machine.

If *Files as* is Buffer, each file in the output is a Buffer, and \`msg.files\` lists the
FILE_ENTRYs. If it is FILE_ENTRY, the files stay on the connector host, and the next connector node
uses them without copying.
`;

/** The help of an action's node. */
export const actionHelp = (address, { name, description, help, properties, output }) =>
  [
    description,
    `\`${address}/${name}\``,
    '### Inputs',
    'Set each property in the dialog, or take its value from the message.',
    propertyList([
      ...properties.flatMap((property) => rows(property, '')),
      {
        name: 'msg.reset',
        type: 'boolean',
        isOptional: true,
        text: 'stops the runs in progress without starting a new one',
      },
    ]),
    '### Outputs',
    outputs(output),
    DETAILS,
    help,
  ].join('\n\n');

/** The help of a connector's connection node. */
export const connectionHelp = ({ description, connection, help }) =>
  [
    description,
    connection.help,
    '### Properties',
    propertyList(connection.properties.flatMap((property) => rows(property, ''))),
    'Secrets are Node-RED credentials, which are not part of flows. `${NAME}` reads an environment variable.',
    help,
  ].join('\n\n');

function outputs(output) {
  const shape = output ? typeName(output) : 'depends on the input';
  const members = output ? (output.children ?? []).flatMap((member) => rows(member, 'payload')) : [];
  const outcome = propertyList([
    {
      name: 'payload',
      type: shape,
      text: "the action's output; <em>Output to</em> names another property",
    },
    ...members,
    {
      name: 'metadata',
      type: 'object',
      text: 'details of the run: model, usage, request ID, attempts, duration',
    },
    { name: 'files', type: 'array', isOptional: true, text: 'the FILE_ENTRYs of the files in the output' },
  ]);
  const events = propertyList([
    {
      name: 'event',
      type: 'string',
      text: ['delta', 'progress', 'attempt', 'file', 'call', 'called'].map(codeOf).join(', '),
    },
    { name: 'payload', type: 'string | object', text: 'streamed text, or the details of the event' },
  ]);
  return `<ol class="node-ports"><li>Outcome${outcome}</li><li>Events during the run${events}</li></ol>`;
}

/**
 * @param {{name: string, type: string, text: string, isOptional?: boolean}[]} listed `text` is HTML
 */
const propertyList = (listed) => {
  const entry = ({ name, type, text, isOptional }) =>
    `<dt${isOptional ? ' class="optional"' : ''}>${escaped(name)} ` +
    `<span class="property-type">${escaped(type)}</span></dt><dd>${text}</dd>`;
  return `<dl class="message-properties">${listed.map(entry).join('')}</dl>`;
};

/** A property and those inside it. */
function rows(property, owner) {
  const { name, label, description, children = [], required, default: given } = property;
  const path = owner && name ? `${owner}.${name}` : owner || name;
  const title = label && label.toLowerCase() !== name.toLowerCase() ? `<b>${escaped(label)}</b>: ` : '';
  const isOptional = !required || given !== undefined;
  const text = title + [escaped(description), ...facts(property)].filter(Boolean).join(' ');
  const [first] = children;
  const below =
    property.type === 'ARRAY' && first
      ? (first.children ?? []).flatMap((member) => rows(member, `${path}[]`))
      : children.flatMap((member) => rows(member, path));
  return [{ name: path, type: typeName(property), text, isOptional }, ...below];
}

const typeName = ({ type }) =>
  type === 'FILE_ENTRY' ? 'file' : type.toLowerCase().replace('_', ' ');

/** Limits, choices and defaults, which descriptions do not repeat. */
function facts({ default: given, providerDefault, choices, limits = {} }) {
  const { minimum, maximum, maxLength, maxItems, maxBytes, accept } = limits;
  const known = choices?.known ?? [];
  const stated = [
    known.length > 0 && `${choices.open ? 'Known' : 'One of'}: ${known.map(named).join(', ')}.`,
    minimum !== undefined && `At least ${minimum}.`,
    maximum !== undefined && `At most ${maximum}.`,
    maxLength && `At most ${maxLength} characters.`,
    maxItems && `At most ${maxItems} items.`,
    maxBytes && `At most ${Math.floor(maxBytes / 1048576)} MiB.`,
    accept && `File types: ${accept.map(escaped).join(', ')}.`,
    given !== undefined && `Default: ${codeOf(given)}.`,
    providerDefault !== undefined && `Provider default: ${codeOf(providerDefault)}.`,
  ];
  return stated.filter(Boolean);
}

const named = ({ label, value }) =>
  label === String(value) ? codeOf(value) : `${escaped(label)} (${codeOf(value)})`;

const codeOf = (value) =>
  `<code>${escaped(typeof value === 'string' ? value : JSON.stringify(value))}</code>`;

/** Escapes text on one line: a blank line would end the HTML inside the Markdown. */
const escaped = (text = '') =>
  text
    .replace(/\s+/g, ' ')
    .replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
