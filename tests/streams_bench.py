#!/usr/bin/env python3
"""Many streamed runs of the service at the same time.

A provider that sends a word now and then stands behind `connector serve`;
every run must end with all its words. Prints how long that took and how much
memory the service used for each run.

usage: streams_bench.py TARGET [RUNS]
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time

TARGET = sys.argv[1]
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
CONNECTOR = os.path.join(TARGET, "release", "connector")
WORDS = 20
# Between two words: 20 of them take five seconds.
PAUSE = 0.25


def chunk(delta, reason=None):
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    data = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}
    return f"data: {json.dumps(data)}\n\n".encode()


async def provider(reader, writer):
    """Answers one chat request after another on a connection, slowly."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(re.search(rb"content-length: (\d+)", head.lower()).group(1))
            await reader.readexactly(length)
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
            )
            for word in range(WORDS):
                writer.write(chunk({"content": f"w{word} "}))
                await writer.drain()
                await asyncio.sleep(PAUSE)
            writer.write(chunk({}, "stop") + b"data: [DONE]\n\n")
            await writer.drain()
            break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    writer.close()


async def run(port, body):
    """One streamed run; whether all words came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path = "/api/v1/components/openai/v1/actions/ask/run"
    writer.write(
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"accept: text/event-stream\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        + body
    )
    answer = await reader.read()
    writer.close()
    expected = "".join(f"w{word} " for word in range(WORDS))
    return f'"output":{json.dumps(expected)}'.encode() in answer


def memory(pid, what):
    """A figure of the process in KiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(rf"{what}:\s+(\d+)", status.read()).group(1))


async def measure(folder):
    server = await asyncio.start_server(provider, "127.0.0.1", 0, backlog=RUNS)
    base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    environment = {
        "CONNECTOR_COMPONENTS": os.path.join(TARGET, "components"),
        "XDG_CACHE_HOME": os.path.join(TARGET, "test-cache"),
        "RUST_LOG": "warn",
    }
    arguments = ["serve", "--listen", "127.0.0.1:0", "--allow-private-addresses"]
    arguments += ["--runs", str(RUNS), "--data-dir", os.path.join(folder, "data")]
    service = subprocess.Popen(
        [CONNECTOR, *arguments], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        port = int(service.stdout.readline().rsplit(":", 1)[1])
        body = json.dumps(
            {
                "input": {"messages": [{"role": "user", "content": "Hi"}]},
                "connection": {"token": "sk-bench", "baseUrl": base_url},
            }
        ).encode()
        assert await run(port, body)
        idle = memory(service.pid, "VmRSS")
        begun = time.perf_counter()
        whole = await asyncio.gather(*(run(port, body) for _ in range(RUNS)))
        took = time.perf_counter() - begun
        peak = memory(service.pid, "VmHWM")
    finally:
        service.terminate()
        service.wait()
    print(f"{RUNS} streamed runs at the same time, {WORDS} words each, {PAUSE} s apart")
    print(f"{'complete':42} {sum(whole):8} of {RUNS}")
    print(f"{'time, of which the provider waits ' + str(WORDS * PAUSE) + ' s':42} {took:8.2f} s")
    print(f"{'memory of the idle service':42} {idle / 1024:8.1f} MiB")
    print(f"{'memory added for each run':42} {(peak - idle) / RUNS:8.1f} KiB")
    if not all(whole):
        sys.exit("streams_bench: runs were lost")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as data:
        asyncio.run(measure(data))
