// A form's HTML as an outline: one line per field, with nested fields indented:
//
//     Label* | kind | choices | "placeholder" | = value | suggests … | described | invalid
//
// The kind is that of the control, or `group`, or `list` if items can be added.
// The line of a control without a label begins with `-`. Hidden fields are
// omitted.

export function outline(html) {
  const lines = [];
  visit(parse(html), { lines, depth: 0 });
  return lines.map(format).join('\n');
}

// React closes all tags, quotes all attributes and escapes `<` and `>` in them.
const TOKEN = /<(?:\/\w+|(\w+)((?:\s+[^\s=>]+="[^"]*")*)\s*(\/?))>|([^<]+)/g;
const ATTRIBUTE = /([^\s=]+)="([^"]*)"/g;
const ENTITIES = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#x27;': "'", '&amp;': '&' };

const unescaped = (text) => text.replace(/&(?:lt|gt|quot|#x27|amp);/g, (name) => ENTITIES[name]);

function parse(html) {
  const root = { children: [] };
  const open = [root];
  for (const [, tag, attributes, isEmpty, text] of html.matchAll(TOKEN)) {
    if (text !== undefined) {
      open.at(-1).children.push(unescaped(text));
    } else if (tag === undefined) {
      open.pop();
    } else {
      const pairs = [...attributes.matchAll(ATTRIBUTE)];
      const node = Object.fromEntries(pairs.map(([, name, value]) => [name, unescaped(value)]));
      Object.assign(node, { tag, children: [] });
      open.at(-1).children.push(node);
      if (!isEmpty) open.push(node);
    }
  }
  return root;
}

const text = (node) =>
  typeof node === 'string' ? node : node.children.map(text).join('').trim();

const descendants = (node, tag) =>
  node.tag === tag ? [node] : (node.children ?? []).flatMap((child) => descendants(child, tag));

function visit(node, { lines, depth, heading }) {
  const is = (name) => node.class?.split(' ').includes(name);
  const add = (label, kind) => lines.push({ depth, label, kind });
  const control = (kind, parts) => {
    if (!lines.length || lines.at(-1).kind) add('-');
    Object.assign(lines.at(-1), { kind, ...parts });
  };
  const note = (part) => Object.assign(lines.at(-1), part);
  const { placeholder, value } = node;

  if (typeof node === 'string' || 'hidden' in node) return;
  if (is('validation_error')) return note({ isInvalid: true });
  if (is('field-description') || is('input-description')) {
    if (text(node)) note({ isDescribed: true });
    return;
  }
  if (is('radio')) return control('radio', radio(node));
  switch (node.tag) {
    case 'legend':
      return add(text(node), 'group');
    case 'label':
      return add(text(node));
    case 'input':
      return control(node.type, { placeholder, value, range: [node.min, node.max] });
    case 'textarea':
      return control('textarea', { placeholder, value: text(node) });
    case 'select':
      return control('select', select(node));
    case 'datalist':
      return note({ suggestions: descendants(node, 'option').map((option) => option.value) });
    case 'button':
      if (/^Add/.test(node.title ?? text(node))) lines[heading].kind = 'list';
      return;
    case 'th':
      return;
  }
  const isGroup = node.tag === 'fieldset' || is('array-control-layout') || is('array-table-layout');
  if (isGroup) heading = lines.length;
  for (const child of node.children) {
    const isBelow = isGroup && child.tag !== 'legend' && child.tag !== 'header';
    visit(child, { lines, depth: isBelow ? depth + 1 : depth, heading });
  }
}

function select(node) {
  const label = (option) => option.label ?? text(option);
  const options = descendants(node, 'option');
  const chosen = options.find((option) => 'selected' in option);
  return { choices: options.map(label), value: chosen && label(chosen) };
}

function radio(node) {
  const choices = descendants(node, 'label').map(text);
  const chosen = descendants(node, 'input').findIndex((input) => 'checked' in input);
  return { choices, value: choices[chosen] };
}

function format(line) {
  const { depth, label, kind, range = [], choices, placeholder, value, suggestions } = line;
  const [minimum = '', maximum = ''] = range;
  const parts = [
    label,
    minimum || maximum ? `${kind} ${minimum}…${maximum}` : kind,
    choices?.map((choice) => choice || '–').join(', '),
    placeholder && `"${placeholder}"`,
    value && `= ${value}`,
    suggestions && `suggests ${suggestions.join(', ')}`,
    line.isDescribed && 'described',
    line.isInvalid && 'invalid',
  ];
  return '  '.repeat(depth) + parts.filter(Boolean).join(' | ');
}
