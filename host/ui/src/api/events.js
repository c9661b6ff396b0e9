// Reads server-sent events from a response. `EventSource` is not an option, because
// it cannot send a body.

/**
 * Yields `{ event, data }`, the data parsed from JSON.
 *
 * @param {Response} response
 */
export async function* readEvents(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  // The pieces of a block that is incomplete. A result may have megabytes: they are
  // joined once, and not searched again with each piece that arrives.
  let pieces = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    // The end of a block may be split between two pieces.
    const tail = (pieces.pop() ?? '') + value;
    if (!/\r?\n\r?\n/.test(tail)) {
      pieces.push(tail.slice(0, -MAX_END), tail.slice(-MAX_END));
      continue;
    }
    const blocks = (pieces.join('') + tail).replace(/\r\n/g, '\n').split('\n\n');
    pieces = [blocks.pop()];
    for (const block of blocks) {
      const event = parse(block);
      if (event) {
        yield event;
      }
    }
  }
}

/** The length of the longest end of a block: two line breaks. */
const MAX_END = 4;

function parse(block) {
  let event = 'message';
  const data = [];
  for (const line of block.split('\n')) {
    const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (name === 'event') {
      event = value;
    } else if (name === 'data') {
      data.push(value);
    }
  }
  // A block without data is a comment that keeps the connection open.
  return data.length > 0 ? { event, data: JSON.parse(data.join('\n')) } : undefined;
}
