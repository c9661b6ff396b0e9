// Reads server-sent events from a response. `EventSource` is not an option, because
// it cannot send a body.

/**
 * Yields `{ event, data }`, the data parsed from JSON.
 *
 * @param {Response} response
 */
export async function* readEvents(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    // A carriage return at the end may be the first half of a line break.
    const text = (rest + value).replace(/\r\n/g, '\n');
    const blocks = text.split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parse(block);
      if (event) {
        yield event;
      }
    }
  }
}

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
