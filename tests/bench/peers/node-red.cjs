// Node-RED with one flow: POST /run sends a request to the provider with the
// http-request node, and returns its response.
//
//     node node-red.cjs BASE_URL
//
// Prints its address, and ends when standard input closes.
const express = require("express");
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");
const RED = require("node-red");

const body = JSON.stringify({
    model: "gpt-5.4",
    messages: [{ role: "user", content: "What is 2 + 2?" }],
});
const prepare = `
msg.payload = ${JSON.stringify(body)};
msg.headers = { "content-type": "application/json", authorization: "Bearer sk-bench" };
return msg;`;
const flow = [
    { id: "flow", type: "tab", label: "Ask" },
    { id: "in", z: "flow", type: "http in", url: "/run", method: "post", wires: [["prepare"]] },
    { id: "prepare", z: "flow", type: "function", func: prepare, outputs: 1, wires: [["ask"]] },
    {
        id: "ask",
        z: "flow",
        type: "http request",
        method: "POST",
        ret: "obj",
        url: `${process.argv[2]}/chat/completions`,
        wires: [["out"]],
    },
    { id: "out", z: "flow", type: "http response", wires: [] },
];

const userDir = fs.mkdtempSync(path.join(os.tmpdir(), "node-red-"));
fs.writeFileSync(path.join(userDir, "flows.json"), JSON.stringify(flow));
const app = express();
const server = http.createServer(app);
RED.init(server, {
    httpAdminRoot: false,
    httpNodeRoot: "/",
    userDir,
    flowFile: "flows.json",
    credentialSecret: false,
    telemetry: { enabled: false, updateNotification: false },
    externalModules: { palette: { allowInstall: false } },
    logging: { console: { level: "off" } },
});
app.use("/", RED.httpNode);
RED.events.once("flows:started", () => {
    server.listen(0, "127.0.0.1", () => {
        console.log(`listening on http://127.0.0.1:${server.address().port}`);
    });
});
RED.start();
process.stdin.resume().on("end", () => {
    fs.rmSync(userDir, { recursive: true, force: true });
    process.exit(0);
});
