// Reads server-sent events.

/**
 * Yields `{ event, data }`, the data parsed from JSON.
 *
 * @param {AsyncIterable<Buffer>} body
 */
exports.readEvents = async function* readEvents(body) {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parse(block);
      if (event) {
        yield event;
      }
    }
  }
};

function parse(block) {
  const fields = block.split('\n').map((line) => /^([^:]*):? ?(.*)$/s.exec(line) ?? []);
  const all = (wanted) => fields.filter(([, name]) => name === wanted).map(([, , value]) => value);
  const data = all('data');
  // A block without data is a comment that keeps the connection open.
  return data.length === 0
    ? undefined
    : { event: all('event')[0] ?? 'message', data: JSON.parse(data.join('\n')) };
}
