// Turns the fields of a node's dialog into an action's input.

const path = require('node:path');
const fs = require('node:fs/promises');

const { Failure } = require('./failure');

/**
 * Everything needed to evaluate fields.
 *
 * @typedef {object} Context
 * @property {object} values `resources/values.mjs`
 * @property {(value: string, type: string) => Promise<unknown>} evaluate evaluates
 *   Node-RED's types: `msg`, `flow`, `global`, `env`, `jsonata`
 * @property {(name: string, mimeType: string | undefined, bytes: Buffer) => Promise<object>}
 *   [upload] returns a FILE_ENTRY
 * @property {string} [fileName] the name of a Buffer
 */

/**
 * Evaluates the properties of an object, and omits those that are not set.
 *
 * @param {object[]} properties from the descriptor
 * @param {Record<string, {type: string, value: unknown}>} fields from the flow
 * @param {Context} context
 */
async function valuesOf(properties, fields, context, owner = '') {
  const result = {};
  for (const property of properties) {
    const at = owner ? `${owner}.${property.name}` : property.name;
    const value = await valueOf(property, fields[property.name], context, at);
    if (value !== undefined && value !== null) {
      result[property.name] = value;
    }
  }
  return result;
}

exports.valuesOf = valuesOf;

async function valueOf(property, field, context, at) {
  if (!field) {
    return undefined;
  }
  const { type, value } = field;
  const [item] = property.children ?? [];
  switch (type) {
    case 'list': {
      const items = [];
      for (const [index, one] of value.entries()) {
        items.push(await valueOf(item, one, context, `${at}[${index}]`));
      }
      return items.filter((one) => one !== undefined);
    }
    case 'members':
      return valuesOf(property.children, value, context, at);
    case 'map': {
      const entries = [];
      for (const { key, value: one } of value) {
        entries.push([key, await valueOf(property.values, one, context, `${at}.${key}`)]);
      }
      return Object.fromEntries(entries.filter(([key, one]) => key && one !== undefined));
    }
    case 'path':
      return value ? fileAt(value, context, at) : undefined;
    default:
  }
  if (context.values.isLiteral(type)) {
    try {
      return context.values.literal(property, field);
    } catch (error) {
      throw Failure.invalid(at, `\`${at}\` is not JSON: ${error.message}`);
    }
  }
  if (value === '') {
    return undefined;
  }
  let given;
  try {
    given = await context.evaluate(value, type);
  } catch (error) {
    throw Failure.invalid(at, `cannot evaluate ${type} \`${value}\` for \`${at}\`: ${error.message}`);
  }
  return converted(property, given, context, at);
}

/**
 * Converts a value that did not come from the dialog: uploads its files to the host, and
 * decodes Buffers to text. The host converts and checks everything else.
 */
async function converted(property, value, context, at) {
  if (value === undefined || value === null) {
    return undefined;
  }
  const [item, ...others] = property.children ?? [];
  switch (property.type) {
    case 'FILE_ENTRY':
      return fileOf(value, context, at);
    case 'ARRAY': {
      const isSingle = item?.type === 'FILE_ENTRY' && !Array.isArray(value);
      const items = isSingle ? [value] : value;
      return Array.isArray(items) && item
        ? Promise.all(items.map((one, index) => converted(item, one, context, `${at}[${index}]`)))
        : items;
    }
    case 'OBJECT': {
      if (typeof value !== 'object' || Array.isArray(value) || !item) {
        return value;
      }
      const result = { ...value };
      for (const member of [item, ...others]) {
        if (member.name in result) {
          result[member.name] = await converted(member, result[member.name], context, `${at}.${member.name}`);
        }
      }
      return result;
    }
    case 'STRING':
      return Buffer.isBuffer(value) ? value.toString() : value;
    default:
      return value;
  }
}

async function fileAt(name, context, at) {
  try {
    return context.upload(path.basename(name), undefined, await fs.readFile(name));
  } catch (error) {
    throw Failure.invalid(at, `\`${at}\`: cannot read the file ${name}: ${error.message}`);
  }
}

/**
 * Converts a Buffer, a `data:` URL, a part of an upload from Node-RED's `http in`, a
 * FILE_ENTRY or just the `url` of one. The host detects the type of a Buffer without a
 * name.
 */
async function fileOf(value, context, at) {
  if (Buffer.isBuffer(value)) {
    return context.upload(context.fileName ?? '', undefined, value);
  }
  const url = typeof value === 'string' ? value : value.url;
  if (/^data:/i.test(url)) {
    return contentOf(url, value.name ?? '', context, at);
  }
  if (Buffer.isBuffer(value.buffer) && typeof value.originalname === 'string') {
    return context.upload(value.originalname, value.mimetype, value.buffer);
  }
  // A file that the host already has, or its FILE_ENTRY as text.
  if (typeof value.url === 'string' || /^(\/api\/|\s*\{)/.test(url)) {
    return value;
  }
  const allowed = 'a Buffer, a data: URL or a FILE_ENTRY';
  throw Failure.invalid(at, `\`${at}\` must be ${allowed}, not ${kindOf(value)}`);
}

/** Uploads the content of a `data:` URL. */
async function contentOf(url, name, context, at) {
  try {
    const content = await (await fetch(url)).blob();
    return context.upload(name, content.type, Buffer.from(await content.arrayBuffer()));
  } catch (error) {
    throw Failure.invalid(at, `\`${at}\` is not a valid data: URL: ${error.message}`);
  }
}

function kindOf(value) {
  if (Array.isArray(value)) {
    return 'a list';
  }
  return typeof value === 'object' ? 'another object' : `a ${typeof value}`;
}
