// Converts the files in an output for the flow.

const isFile = (value) =>
  ['extension', 'mimeType', 'name', 'url'].every((member) => typeof value[member] === 'string');

/**
 * Replaces FILE_ENTRYs with Buffers.
 *
 * @param {unknown} output
 * @param {(entry: object) => Promise<Buffer>} content
 * @returns {Promise<{output: unknown, files: object[]}>} the output, and the
 *   FILE_ENTRYs that were in it
 */
exports.withBuffers = async (output, content) => {
  const files = [];
  // A file that occurs several times is read once.
  const contents = new Map();
  const replace = async (value) => {
    if (typeof value !== 'object' || value === null) {
      return value;
    }
    if (isFile(value)) {
      if (!contents.has(value.url)) {
        files.push(value);
        contents.set(value.url, await content(value));
      }
      return contents.get(value.url);
    }
    if (Array.isArray(value)) {
      return inTurn(value, replace);
    }
    const members = await inTurn(Object.entries(value), async ([name, member]) => [
      name,
      await replace(member),
    ]);
    return Object.fromEntries(members);
  };
  return { output: await replace(output), files };
};

async function inTurn(items, work) {
  const done = [];
  for (const item of items) {
    done.push(await work(item));
  }
  return done;
}
