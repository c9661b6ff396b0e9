// From what is filled in in a node's dialog to what an action takes.

const path = require('node:path');
const fs = require('node:fs/promises');

const { Failure } = require('./failure');

/**
 * What values are made with.
 *
 * @typedef {object} Making
 * @property {object} values `resources/values.mjs`
 * @property {(value: string, type: string) => Promise<unknown>} evaluate of Node-RED's types:
 *   `msg`, `flow`, `global`, `env`, `jsonata`
 * @property {(name: string, mimeType: string | undefined, bytes: Buffer) => Promise<object>}
 *   [upload] gives a FILE_ENTRY
 * @property {string} [fileName] of a Buffer that says nothing about itself
 */

/**
 * The members of an object; what is not set is left out.
 *
 * @param {object[]} properties the descriptor's rows
 * @param {Record<string, {type: string, value: unknown}>} fields as they are in the flow
 * @param {Making} making
 */
async function valuesOf(properties, fields, making, owner = '') {
  const made = {};
  for (const property of properties) {
    const at = owner ? `${owner}.${property.name}` : property.name;
    const value = await valueOf(property, fields[property.name], making, at);
    if (value !== undefined && value !== null) {
      made[property.name] = value;
    }
  }
  return made;
}

exports.valuesOf = valuesOf;

async function valueOf(property, field, making, at) {
  if (!field) {
    return undefined;
  }
  const { type, value } = field;
  const [item] = property.children ?? [];
  switch (type) {
    case 'list': {
      const items = [];
      for (const [index, one] of value.entries()) {
        items.push(await valueOf(item, one, making, `${at}[${index}]`));
      }
      return items.filter((one) => one !== undefined);
    }
    case 'members':
      return valuesOf(property.children, value, making, at);
    case 'map': {
      const entries = [];
      for (const { key, value: one } of value) {
        entries.push([key, await valueOf(property.values, one, making, `${at}.${key}`)]);
      }
      return Object.fromEntries(entries.filter(([key, one]) => key && one !== undefined));
    }
    case 'path':
      return value ? fileAt(value, making, at) : undefined;
    default:
  }
  if (making.values.isLiteral(type)) {
    try {
      return making.values.literal(property, field);
    } catch (error) {
      throw Failure.invalid(at, `\`${at}\` is no JSON: ${error.message}`);
    }
  }
  if (value === '') {
    return undefined;
  }
  let given;
  try {
    given = await making.evaluate(value, type);
  } catch (error) {
    throw Failure.invalid(at, `\`${at}\` cannot be taken from ${type} \`${value}\`: ${error.message}`);
  }
  return fitting(property, given, making, at);
}

/**
 * A value from elsewhere, with files handed to the host and Buffers as text where
 * one belongs. All else the host reads and checks.
 */
async function fitting(property, value, making, at) {
  if (value === undefined || value === null) {
    return undefined;
  }
  const [item, ...others] = property.children ?? [];
  switch (property.type) {
    case 'FILE_ENTRY':
      return fileOf(value, making, at);
    case 'ARRAY': {
      const isOne = item?.type === 'FILE_ENTRY' && !Array.isArray(value);
      const items = isOne ? [value] : value;
      return Array.isArray(items) && item
        ? Promise.all(items.map((one, index) => fitting(item, one, making, `${at}[${index}]`)))
        : items;
    }
    case 'OBJECT': {
      if (typeof value !== 'object' || Array.isArray(value) || !item) {
        return value;
      }
      const made = { ...value };
      for (const member of [item, ...others]) {
        if (member.name in made) {
          made[member.name] = await fitting(member, made[member.name], making, `${at}.${member.name}`);
        }
      }
      return made;
    }
    case 'STRING':
      return Buffer.isBuffer(value) ? value.toString() : value;
    default:
      return value;
  }
}

async function fileAt(name, making, at) {
  try {
    return making.upload(path.basename(name), undefined, await fs.readFile(name));
  } catch (error) {
    throw Failure.invalid(at, `\`${at}\`: the file ${name} cannot be read: ${error.message}`);
  }
}

/**
 * A Buffer, a part of a form that Node-RED's `http in` received, a FILE_ENTRY, or the `url` of one
 * alone. The host finds out what a Buffer without a name is.
 */
async function fileOf(value, making, at) {
  if (Buffer.isBuffer(value)) {
    return making.upload(making.fileName ?? '', undefined, value);
  }
  const url = typeof value === 'string' ? value : value.url;
  if (/^data:/i.test(url)) {
    return contentOf(url, value.name ?? '', making, at);
  }
  if (Buffer.isBuffer(value.buffer) && typeof value.originalname === 'string') {
    return making.upload(value.originalname, value.mimetype, value.buffer);
  }
  // A file of the host, or its FILE_ENTRY as text.
  if (typeof value.url === 'string' || /^(\/api\/|\s*\{)/.test(url)) {
    return value;
  }
  const allowed = 'a Buffer, a data: URL or a FILE_ENTRY';
  throw Failure.invalid(at, `\`${at}\` must be ${allowed}, not ${kindOf(value)}`);
}

/** What a `data:` URL holds. */
async function contentOf(url, name, making, at) {
  try {
    const content = await (await fetch(url)).blob();
    return making.upload(name, content.type, Buffer.from(await content.arrayBuffer()));
  } catch (error) {
    throw Failure.invalid(at, `\`${at}\` is no valid data: URL: ${error.message}`);
  }
}

function kindOf(value) {
  if (Array.isArray(value)) {
    return 'a list';
  }
  return typeof value === 'object' ? 'another object' : `a ${typeof value}`;
}
