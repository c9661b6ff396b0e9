// Reads JSON that may be unfinished: its tokens, where each value is, what is wrong
// first, and where in its structure a position is.

const TOKEN = /"(?:[^"\\\n]|\\.)*"?|[{}[\],:]|[^\s{}[\],:"]+/g;
const SCALAR = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/;

/** What may come next, by the state of the innermost object or list. */
const EXPECTED = {
  value: 'a value',
  'first-value': 'a value or ]',
  key: 'a name in double quotes',
  'first-key': 'a name in double quotes or }',
  colon: 'a colon',
  'next-key': 'a comma or }',
  'next-value': 'a comma or ]',
  end: 'nothing more',
};

/**
 * @typedef {{kind: 'key' | 'string' | 'number' | 'literal' | 'punctuation' | 'wrong',
 *   from: number, to: number}} Token
 * @typedef {{path: (string | number)[], from: number, to: number}} Node
 * @typedef {{path: (string | number)[], state: string}} Place
 * @param {string} text
 * @param {number} [until] a position; `place` is the place in the structure there
 * @returns {{tokens: Token[], nodes: Node[], problem?: {from: number, message: string},
 *   place: Place}}
 */
export function outline(text, until = text.length) {
  const tokens = [];
  const nodes = [];
  const stack = [{ path: [], state: 'value', isRoot: true }];
  let problem;
  let place = placeOf(stack.at(-1));
  for (const { 0: word, index: from } of text.matchAll(TOKEN)) {
    const token = { kind: kindOf(word), from, to: from + word.length };
    // A word that the position touches is still being typed.
    const isAfter =
      word.length === 1 && token.kind === 'punctuation' ? token.to > until : token.to >= until;
    const found = step(stack, token, word, nodes);
    problem ??= found;
    if (!isAfter) {
      place = placeOf(stack.at(-1));
    }
    tokens.push(token);
  }
  if (!problem && stack.at(-1).state !== 'end') {
    problem = { from: text.length, message: `expected ${EXPECTED[stack.at(-1).state]}` };
  }
  return { tokens, nodes, problem, place };
}

/** Advances the innermost frame by a token; returns what is wrong with it. */
function step(stack, token, word, nodes) {
  const frame = stack.at(-1);
  const { state } = frame;
  const unexpected = () => ({
    from: token.from,
    message:
      word.startsWith('"') && token.kind === 'wrong'
        ? 'this text has no closing quote'
        : `expected ${EXPECTED[state]}`,
  });
  if (word === '}' || word === ']') {
    const closing = word === '}' ? ['first-key', 'next-key'] : ['first-value', 'next-value'];
    if (!closing.includes(state)) {
      return unexpected();
    }
    stack.pop();
    frame.node.to = token.to;
    return undefined;
  }
  if (word === ',') {
    if (state !== 'next-key' && state !== 'next-value') {
      return unexpected();
    }
    frame.state = state === 'next-key' ? 'key' : 'value';
    frame.index += 1;
    return undefined;
  }
  if (word === ':') {
    if (state !== 'colon') {
      return unexpected();
    }
    frame.state = 'value';
    return undefined;
  }
  if (state === 'key' || state === 'first-key') {
    if (token.kind !== 'string') {
      return unexpected();
    }
    token.kind = 'key';
    frame.key = unquoted(word);
    frame.state = 'colon';
    return undefined;
  }
  if (state !== 'value' && state !== 'first-value') {
    return unexpected();
  }
  const path = frame.isRoot ? [] : [...frame.path, frame.isObject ? frame.key : frame.index];
  const node = { path, from: token.from, to: token.to };
  nodes.push(node);
  frame.state = frame.isRoot ? 'end' : frame.isObject ? 'next-key' : 'next-value';
  if (word === '{') {
    stack.push({ path, node, isObject: true, state: 'first-key', index: 0 });
  } else if (word === '[') {
    stack.push({ path, node, isObject: false, state: 'first-value', index: 0 });
  } else if (token.kind === 'wrong') {
    return word.startsWith('"')
      ? unexpected()
      : { from: token.from, message: `\`${word.slice(0, 30)}\` is not a value` };
  }
  return undefined;
}

function placeOf({ path, state, isObject, isRoot, key, index }) {
  const isValue = state === 'value' || state === 'first-value';
  const own = isRoot || !isValue ? path : [...path, isObject ? key : index];
  return {
    path: own,
    state: isValue ? 'value' : state === 'key' || state === 'first-key' ? 'key' : state,
  };
}

function kindOf(word) {
  if (word.startsWith('"')) {
    return isClosed(word) ? 'string' : 'wrong';
  }
  if (/^[{}[\],:]$/.test(word)) {
    return 'punctuation';
  }
  if (!SCALAR.test(word)) {
    return 'wrong';
  }
  return /^[-\d]/.test(word) ? 'number' : 'literal';
}

const isClosed = (word) => /^"(?:[^"\\]|\\.)*"$/.test(word);

function unquoted(word) {
  try {
    return JSON.parse(word);
  } catch {
    return word.slice(1, -1);
  }
}
