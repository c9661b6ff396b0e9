// Reads an input from pasted text: JSON, a curl command, the `connector` command, or a
// link to this page. Keys in it are ignored.

import { propertiesOf } from '../form/schema.js';
import { readLink } from '../links/link.js';
import { words } from './shell.js';

/**
 * @param {string} text
 * @param {object} schema of the open action
 * @returns {{input?: object, address?: string, isCommand?: boolean, message?: string}} the
 *   input, and the action that it is for if the text names one; or a message
 */
export function readPasted(text, schema) {
  const trimmed = text.trim().replace(/^\$ /, '');
  if (trimmed === '') {
    return {};
  }
  if (/^curl(\.exe)?\s/.test(trimmed)) {
    return { isCommand: true, ...readCurl(words(trimmed), schema) };
  }
  if (/^connector\s+run\s/.test(trimmed)) {
    return { isCommand: true, ...readConnector(words(trimmed)) };
  }
  if (/^https?:\/\/\S+#\S+$/.test(trimmed)) {
    const { address, input } = readLink(new URL(trimmed).hash);
    return input ? { isCommand: true, address, input } : { message: 'This link has no input.' };
  }
  const value = parsed(trimmed);
  return isObject(value)
    ? fromBody(value, schema)
    : { message: 'Paste a JSON object, a curl command or a link to this page.' };
}

const BODY = new Set(['-d', '--data', '--data-raw', '--data-binary', '--data-ascii', '--json']);
const FIELD = new Set(['-F', '--form', '--form-string', '--data-urlencode']);

function readCurl(all, schema) {
  let body = '';
  const fields = {};
  let url;
  for (let at = 1; at < all.length; at += 1) {
    const [option, attached] = /^(--[\w-]+)=(.*)$/s.exec(all[at])?.slice(1) ?? [all[at]];
    const value = () => attached ?? all[(at += 1)] ?? '';
    if (BODY.has(option)) {
      body += value();
    } else if (FIELD.has(option)) {
      const [, name, content] = /^([^=]*)=(.*)$/s.exec(value()) ?? [];
      // `@` names a file on the user's machine.
      if (name && !content.startsWith('@')) {
        fields[name] = parsed(content) ?? content;
      }
    } else if (/^https?:/.test(option)) {
      url = option;
    }
  }
  const value = body === '' ? fields : parsed(body);
  if (!isObject(value)) {
    return { message: 'The command’s body is not JSON.' };
  }
  const [, address] = /\/components\/([^/]+\/v\d+)\/actions\/[^/]+\/run$/.exec(url ?? '') ?? [];
  const action = address && `${address}/${decodeURIComponent(url.split('/').at(-2))}`;
  return { ...fromBody(value, schema), address: action };
}

function readConnector([, , address, ...rest]) {
  const at = rest.indexOf('--input');
  const json = rest.find((word) => word.startsWith('{')) ?? (at >= 0 ? rest[at + 1] : undefined);
  const value = parsed(json ?? '');
  return isObject(value)
    ? { address, input: value }
    : { message: 'Only a command whose input is JSON can be read.' };
}

/** A request to this service has the input in a member; a provider's names may differ. */
function fromBody(value, schema) {
  if (
    isObject(value.input) &&
    Object.keys(value).every((name) => name === 'input' || name === 'connection')
  ) {
    return { input: value.input };
  }
  return { input: renamed(value, schema) };
}

/** Finds members of the schema that are written differently, such as `max_tokens`. */
function renamed(value, schema) {
  if (Array.isArray(value)) {
    return value.map((item) => renamed(item, schema?.items ?? {}));
  }
  if (!isObject(value)) {
    return value;
  }
  const properties = propertiesOf(schema ?? {});
  const names = new Map(Object.keys(properties).map((name) => [plain(name), name]));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const known = Object.hasOwn(properties, name) ? name : (names.get(plain(name)) ?? name);
      return [known, renamed(member, properties[known] ?? {})];
    }),
  );
}

const plain = (name) => name.toLowerCase().replace(/[_-]/g, '');

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
