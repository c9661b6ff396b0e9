// The official Model Context Protocol client, driven line by line.
//
//     node client.mjs MODULES stdio COMMAND ARG…
//     node client.mjs MODULES http URL [KEY]
//
// Each line of standard input is a JSON array: the name of one of the `requests`
// below, and its arguments. Each line of standard output is the response, `{"result": …}` or
// `{"error": "…"}`. The client validates tool results.
import { createRequire } from "node:module";
import readline from "node:readline";

const [modules, how, ...rest] = process.argv.slice(2);
const load = createRequire(`${modules}/`);
const { Client } = load("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = load("@modelcontextprotocol/sdk/client/stdio.js");
const { StreamableHTTPClientTransport } = load("@modelcontextprotocol/sdk/client/streamableHttp.js");

function transport() {
  if (how === "http") {
    const [url, key] = rest;
    const headers = key ? { authorization: `Bearer ${key}` } : {};
    return new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  }
  const [command, ...args] = rest;
  return new StdioClientTransport({ command, args, env: process.env });
}

const client = new Client({ name: "tests", version: "1" });

const requests = {
  connect: async () => {
    await client.connect(transport());
    return { server: client.getServerVersion(), instructions: client.getInstructions() };
  },
  tools: () => client.listTools(),
  resources: () => client.listResources(),
  templates: () => client.listResourceTemplates(),
  read: (uri) => client.readResource({ uri }),
  call: (name, args) => client.callTool({ name, arguments: args }),
  // A call that also returns its progress notifications.
  follow: async (name, args) => {
    const progress = [];
    const onprogress = (update) => progress.push(update);
    const result = await client.callTool({ name, arguments: args }, undefined, { onprogress });
    return { result, progress };
  },
  // A call that is cancelled at its first progress notification.
  abandon: async (name, args) => {
    const abort = new AbortController();
    const options = { signal: abort.signal, onprogress: () => abort.abort("enough") };
    return client.callTool({ name, arguments: args }, undefined, options);
  },
  close: () => client.close(),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [name, ...args] = JSON.parse(line);
  let answer;
  try {
    answer = { result: (await requests[name](...args)) ?? null };
  } catch (error) {
    answer = { error: String(error?.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
