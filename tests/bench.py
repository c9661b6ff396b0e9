#!/usr/bin/env python3
"""Time and memory of a whole run of the command, beside curl.

Both send the same request to the same sandbox, in turns, so that whatever
else the machine does meets both. Only ratios of one run mean something; the
times themselves depend on the machine.

usage: bench.py TARGET [PAIRS]
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import wave

for program in ("curl", "time"):
    if shutil.which(program) is None:
        sys.exit(f"bench: {program} is missing; hint: apt-get install {program}")

TARGET = sys.argv[1]
PAIRS = int(sys.argv[2]) if len(sys.argv) > 2 else 100
CONNECTOR = os.path.join(TARGET, "release", "connector")
SANDBOX = os.path.join(TARGET, "release", "openai-sandbox")
UPLOAD_BYTES = 25_000_000


def milliseconds(command, environment):
    """Wall time of a command's whole process."""
    begun = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begun) * 1000


def in_turns(commands, environment):
    """The median time of each command: one warm-up, then PAIRS rounds."""
    results = {name: [] for name in commands}
    for round_number in range(PAIRS + 1):
        for name, command in commands.items():
            taken = milliseconds(command, environment)
            if round_number > 0:
                results[name].append(taken)
    return {name: statistics.median(taken) for name, taken in results.items()}


def peak(command, environment):
    """The most memory of a command's process in MiB, of five runs.

    Asked of GNU time: a child of this program would begin with the memory of
    Python.
    """
    most = 0
    for _ in range(5):
        with tempfile.NamedTemporaryFile("r") as report:
            watched = ["time", "-f", "%M", "-o", report.name] + command
            subprocess.run(watched, env=environment, stdout=subprocess.DEVNULL, check=True)
            most = max(most, int(report.read()) / 1024)
    return most


def wav(path, size):
    """A recording of about `size` bytes: silence, 24 kHz, 16 bit, mono."""
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(bytes(size - 44))


def main():
    sandbox = subprocess.Popen(
        [SANDBOX, "--until-stdin-closes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        base_url = sandbox.stdout.readline().removeprefix("listening on ").strip()
        with tempfile.TemporaryDirectory() as folder:
            report(base_url, folder)
    finally:
        sandbox.stdin.close()
        sandbox.wait(timeout=10)


def report(base_url, folder):
    token = "sk-sandbox"
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "CONNECTOR_COMPONENTS": os.path.join(TARGET, "components"),
        "XDG_CACHE_HOME": os.path.join(folder, "cache"),
        "OPENAI_API_KEY": token,
        "OPENAI_BASE_URL": base_url,
    }
    messages = [{"role": "user", "content": "What is 2 + 2?"}]
    source = os.path.join(folder, "input.json")
    with open(source, "w") as file:
        json.dump({"messages": messages}, file)
    body = json.dumps({"model": "gpt-5.4", "messages": messages})

    curl = ["curl", "-sS", "--fail", f"{base_url}/chat/completions", "-d", body]
    curl += ["-H", f"Authorization: Bearer {token}", "-H", "Content-Type: application/json"]
    ask = [CONNECTOR, "run", "openai/v1/ask", "--input", source]
    taken = in_turns({"curl": curl, "ask": ask}, environment)
    memory = {"curl": peak(curl, environment), "ask": peak(ask, environment)}

    uploads = {}
    for name, size in {"small": 48_000, "large": UPLOAD_BYTES}.items():
        path = os.path.join(folder, f"{name}.wav")
        wav(path, size)
        command = [CONNECTOR, "run", "openai/v1/createTranscription", "--file", f"file={path}"]
        uploads[name] = peak(command, environment)

    print(f"{PAIRS} pairs in turns, medians of whole processes, warm cache")
    for name, shown in {"curl": "curl", "ask": "connector run openai/v1/ask"}.items():
        print(f"{shown:42} {taken[name]:8.2f} ms {memory[name]:7.1f} MiB")
    print()
    rows = [
        ("wall time, times curl's", taken["ask"] / taken["curl"], 3, "x"),
        ("peak memory of Ask", memory["ask"], 40, "MiB"),
        ("memory added by a 25 MB upload", uploads["large"] - uploads["small"], 8, "MiB"),
    ]
    for name, value, goal, unit in rows:
        verdict = "ok" if value <= goal else "MISSED"
        print(f"{name:42} {value:8.2f} {unit:4} goal: at most {goal:2} {unit:4} {verdict}")


if __name__ == "__main__":
    main()
