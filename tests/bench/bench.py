#!/usr/bin/env python3
"""Every figure that the project has goals for, in one table.

The figures come from one run on one machine, against a server on the same
machine; only their ratios are meaningful elsewhere. README.md explains them.

usage: bench.py TARGET [SECTION...]
"""

import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.abspath(sys.argv[1])
CONNECTOR = os.path.join(TARGET, "dist", "connector")
BENCH = os.path.join(TARGET, "release", "connector-bench")
PEERS = os.path.join(TARGET, "bench")
TOKEN = "sk-bench"
MESSAGES = [{"role": "user", "content": "What is 2 + 2?"}]
MB = 1_000_000

ROWS = []


def row(what, figure, goal="", met=None):
    """Adds a row; `met` is whether the goal is met."""
    verdict = {None: "", True: "met", False: "**missed**"}[met]
    ROWS.append((what, figure, goal, verdict))
    print(f"  {what}: {figure} {goal} {verdict}", file=sys.stderr, flush=True)


def at_most(what, value, goal, unit):
    row(what, f"{value:,.2f} {unit}", f"at most {goal:g} {unit}", value <= goal)


def at_least(what, value, goal, unit):
    row(what, f"{value:,.2f} {unit}", f"at least {goal:g} {unit}", goal <= value)


def measured(*args):
    """The result of one measurement by the bench program."""
    command = [BENCH, *map(str, args)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def alternating(times, what, *args):
    """The medians of a measurement of the library and of ureq; the runs alternate."""
    runs = {"library": [], "ureq": []}
    for _ in range(times):
        for name, taken in runs.items():
            taken.append(measured(what, name, *args))
    return [
        {figure: statistics.median(run[figure] for run in taken) for figure in taken[0]}
        for taken in runs.values()
    ]


@contextmanager
def server(command, **options):
    """A server that prints its address, and exits when its standard input closes."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options
    )
    try:
        yield process, process.stdout.readline().removeprefix("listening on ").strip().rstrip("/")
    finally:
        process.stdin.close()
        process.terminate()
        process.wait(timeout=30)


def base_url(origin, size=0):
    return f"{origin}/1/1/{size}/v1"


def environment(folder, origin):
    return {
        "PATH": os.environ["PATH"],
        "CONNECTOR_COMPONENTS": os.path.join(TARGET, "components"),
        "XDG_CACHE_HOME": os.path.join(folder, "cache"),
        "OPENAI_API_KEY": TOKEN,
        "OPENAI_BASE_URL": base_url(origin),
        "RUST_LOG": "error",
    }


def milliseconds(command, env):
    start = time.perf_counter()
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - start) * 1000


def peak(command, env):
    """The peak memory of a process in MB, measured by GNU time: a child of this
    program would start with Python's memory."""
    with tempfile.NamedTemporaryFile("r") as report:
        watched = ["/usr/bin/time", "-f", "%M", "-o", report.name, *command]
        subprocess.run(watched, env=env, stdout=subprocess.DEVNULL, check=True)
        return int(report.read()) * 1024 / MB


def cold(origin, folder):
    """Whole processes that run one Ask each, alternating."""
    env = environment(folder, origin)
    url = base_url(origin)
    source = os.path.join(folder, "input.json")
    with open(source, "w") as file:
        json.dump({"model": "gpt-5.4", "messages": MESSAGES}, file)
    body = json.dumps({"model": "gpt-5.4", "messages": MESSAGES})
    headers = ["-H", f"Authorization: Bearer {TOKEN}", "-H", "Content-Type: application/json"]
    commands = {
        "curl": ["curl", "-sS", "--fail", f"{url}/chat/completions", "-d", body, *headers],
        "connector": [CONNECTOR, "run", "openai/v1/ask", "--input", source],
        "openai (npm)": ["node", f"{PEERS}/openai.mjs", "ask", url],
        "openai (PyPI)": [f"{PEERS}/venv/bin/python", f"{PEERS}/ask.py", url],
        "Activepieces' piece": ["node", f"{PEERS}/activepieces.cjs", url],
    }
    quick = ["curl", "connector"]
    taken = {name: [] for name in commands}
    for turn in range(101):
        for name, command in commands.items():
            # The others need fewer rounds: they are slower by at least an order of magnitude.
            if name in quick or turn <= 10:
                time_taken = milliseconds(command, env)
                if turn > 0:
                    taken[name].append(time_taken)
    taken = {name: statistics.median(times) for name, times in taken.items()}
    memory = {name: peak(command, env) for name, command in commands.items()}
    ours = taken["connector"]
    for name in commands:
        row(f"cold: {name}", f"{taken[name]:.1f} ms, {memory[name]:.0f} MB")
    at_most("cold: relative to curl's time", ours / taken["curl"], 1.5, "×")
    for name, goal in [("openai (npm)", 25), ("openai (PyPI)", 40), ("Activepieces' piece", 30)]:
        at_least(f"cold: faster than {name}", taken[name] / ours, goal, "×")
    at_most("cold: peak memory", memory["connector"], 25, "MB")


def warm(origin, _):
    """Sequential Asks in one process."""
    figures = measured("turns", base_url(origin), 10_000, 1)
    ours, theirs = figures["library"], figures["ureq"]
    row("warm: ureq alone", f"p50 {theirs['p50']:.0f} µs, p99 {theirs['p99']:.0f} µs")
    row("warm: library", f"p50 {ours['p50']:.0f} µs, p99 {ours['p99']:.0f} µs")
    at_most("warm: p50 relative to ureq's", ours["p50"] / theirs["p50"], 1.10, "×")
    at_most("warm: p99 relative to ureq's", ours["p99"] / theirs["p99"], 1.25, "×")
    row("warm: overhead on an answer that takes 300 ms", f"{(ours['p50'] - theirs['p50']) / 3000:.3f}%")


def cpu(origin, _):
    """The CPU time of an Ask, 64 concurrent."""
    asks, at_once = 20_000, 64
    figures = alternating(3, "at-once", base_url(origin), asks, at_once)
    library, ureq = (figure["cpu"] for figure in figures)
    command = ["node", f"{PEERS}/openai.mjs", "at-once", base_url(origin), "5000", str(at_once)]
    npm = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)["cpu"]
    row("CPU: library, ureq alone, openai (npm)", f"{library:.0f}, {ureq:.0f}, {npm:.0f} µs per Ask")
    at_most("CPU: relative to ureq's", library / ureq, 1.3, "×")
    at_most("CPU: relative to the npm package's", library / npm, 0.2, "×")


def inside(_, __):
    """The results of criterion."""
    command = ["cargo", "bench", "--locked", "--workspace", "--bench", "inside"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd=HERE)

    def median(name):
        path = os.path.join(TARGET, "criterion", name, "new", "estimates.json")
        with open(path) as file:
            return json.load(file)["median"]["point_estimate"] / 1000

    row("sandbox: a fresh instance", f"{median('sandbox/instantiate'):.1f} µs")
    at_most("sandbox: instance and Ask, HTTP stubbed", median("sandbox/ask/1"), 25, "µs")
    at_most("load: precompiled", median("load/precompiled") / 1000, 1, "ms")
    row("load: first time, with compilation", f"{median('load/compile') / 1000:.0f} ms")
    row("forms: JSON Schema of Ask", f"{median('forms_schema'):.0f} µs")
    costs = [median(f"sandbox/ask/{messages}") / messages for messages in (1, 4, 16)]
    growth("time per message of an Ask, in the sandbox", costs)


def growth(what, costs):
    """The cost per unit at 4 and 16 times the work, relative to the base."""
    ratios = [cost / costs[0] for cost in costs[1:]]
    figure = " and ".join(f"{ratio:.2f} ×" for ratio in ratios)
    row(f"growth at 4 × and 16 ×: {what}", figure, "at most 1.1 ×", max(ratios) <= 1.1)


def flight(origin, _):
    """Concurrent streamed Asks, 50 tokens per second each."""
    each = {}
    for asks in (250, 1000, 4000):
        for name in ("library", "ureq"):
            each[name, asks] = measured("flight", name, origin, asks, 250, 20)
    for asks in (1000, 4000):
        ours, theirs = each["library", asks], each["ureq", asks]
        row(f"in flight, {asks}: lost", f"{ours['lost']}", "none", ours["lost"] == 0)
        row(
            f"in flight, {asks}: token delay",
            f"p50 {ours['p50']:.1f} ms, p99 {ours['p99']:.1f} ms "
            f"(ureq alone: {theirs['p50']:.1f} ms, {theirs['p99']:.1f} ms)",
            "p99 at most 20 ms" if asks == 1000 else "",
            ours["p99"] <= 20 if asks == 1000 else None,
        )
        at_most(f"in flight, {asks}: memory per run", ours["kilobytes"], 100, "KB")
        row(f"in flight, {asks}: memory per run, ureq alone", f"{theirs['kilobytes']:.0f} KB")
    growth("memory of a run in flight", [each["library", n]["kilobytes"] for n in (250, 1000, 4000)])
    costs = [measured("flight", "library", origin, 16, n, 2)["cpu"] for n in (250, 1000, 4000)]
    growth("CPU time per token", costs)


def transfers(origin, _):
    """Audio transfers, 64 concurrent, compared with ureq alone."""
    # The API accepts at most 25 MB.
    ways = [
        ("up", 25 * MB, "25 MB upload", [25 * MB // 16, 25 * MB // 4, 25 * MB]),
        ("down", 100 * MB, "100 MB download", [25 * MB, 100 * MB, 400 * MB]),
    ]
    for way, size, what, sizes in ways:
        ours, theirs = alternating(5, "transfers", base_url(origin, size), way, 64, size)
        at_most(f"{what}, 64 concurrent: memory per run", ours["kilobytes"], 256, "KB")
        row(
            f"{what}, 64 concurrent: throughput",
            f"{ours['rate']:,.0f} MB/s (ureq alone: {theirs['rate']:,.0f} MB/s)",
        )
        at_least(f"{what}, 64 concurrent: relative to ureq's throughput", ours["rate"] / theirs["rate"], 0.9, "×")
        costs = [
            1 / alternating(3, "transfers", base_url(origin, n), way, 16, n)[0]["rate"] for n in sizes
        ]
        growth(f"time per MB, {way}load", costs)


def wrk(url, connections, script=None):
    command = ["wrk", "-t1", f"-c{connections}", "-d8", "--latency", url]
    command += ["-s", script] if script else []
    output = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"bench: {url} failed under load:\n{output}")
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", output).groups()
    p99 = float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1)), p99


def service(origin, folder):
    """Requests to the service, 64 concurrent."""
    env = environment(folder, origin)
    data = os.path.join(folder, "data")
    token = os.path.join(folder, "token")
    with open(token, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(TOKEN)
    add = [CONNECTOR, "connection", "add", "openai", "--name", "bench", "--data-dir", data]
    add += ["--set", f"baseUrl={base_url(origin)}", "--secret-file", f"token={token}"]
    subprocess.run(add, env=env, stdout=subprocess.DEVNULL, check=True)
    serve = [CONNECTOR, "serve", "--listen", "127.0.0.1:0", "--allow-private-addresses"]
    serve += ["--data-dir", data, "--runs", "256"]
    script = os.path.join(HERE, "run.wrk.lua")
    ceiling = wrk(f"{origin}/ceiling", 64)
    with server(serve, env=env) as (process, url):
        path = "/api/v1/components/openai/v1/actions/ask/run"
        ours = {count: wrk(url + path, count, script) for count in (16, 64, 256)}
        with open(f"/proc/{process.pid}/status") as status:
            memory = int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)) * 1024 / MB
    with server([BENCH, "hello"]) as (_, url):
        hello = wrk(url, 64)
    with server(["node", f"{PEERS}/node-red.cjs", base_url(origin)]) as (_, url):
        node_red = wrk(f"{url}/run", 64, script)
    row("the provider's maximum throughput", f"{ceiling[0]:,.0f} requests/s, p99 {ceiling[1]:.1f} ms")
    for name, (rate, p99) in {
        "connector serve, a run of Ask": ours[64],
        "hello in the style of wasmtime serve (no upstream request)": hello,
        "Node-RED's http-request node": node_red,
    }.items():
        row(f"service: {name}", f"{rate:,.0f} requests/s, p99 {p99:.1f} ms")
    row("service: peak memory", f"{memory:.0f} MB")
    at_least("service: requests relative to Node-RED's", ours[64][0] / node_red[0], 1, "×")
    at_most("service: p99 relative to Node-RED's", ours[64][1] / node_red[1], 1, "×")
    growth("time per service request", [1 / ours[count][0] for count in (16, 64, 256)])


def asks(origin, _):
    """Many more Asks in one process."""
    costs = [measured("at-once", "library", base_url(origin), n, 4)["time"] for n in (4000, 16_000, 64_000)]
    growth("time per Ask", costs)


def sizes(_, __):
    """The size of what is shipped."""
    component = os.path.getsize(os.path.join(TARGET, "components", "openai.wasm"))
    at_most("size: component", component / 1000, 120, "KB")
    at_most("size: host, stripped", os.path.getsize(CONNECTOR) / MB, 20, "MB")


SECTIONS = {
    "cold": cold,
    "warm": warm,
    "cpu": cpu,
    "inside": inside,
    "flight": flight,
    "transfers": transfers,
    "service": service,
    "asks": asks,
    "sizes": sizes,
}


def machine():
    with open("/proc/cpuinfo") as info:
        model = re.search(r"model name\s*:\s*(.+)", info.read()).group(1)
    with open("/proc/meminfo") as info:
        memory = int(re.search(r"MemTotal:\s+(\d+)", info.read()).group(1)) >> 20
    return f"{os.cpu_count()} × {model}, {memory} GiB, Linux {platform.release()}"


def main():
    chosen = sys.argv[2:] or SECTIONS
    # Keep files in memory, so that the disk is not measured.
    if os.path.isdir("/dev/shm"):
        os.environ.setdefault("TMPDIR", "/dev/shm")
    _, maximum = resource.getrlimit(resource.RLIMIT_NOFILE)
    # For the provider, which inherits the limit; the other programs raise their own.
    resource.setrlimit(resource.RLIMIT_NOFILE, (maximum, maximum))
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen:
            print(f"{name}: {SECTIONS[name].__doc__ or ''}", file=sys.stderr, flush=True)
            with server([BENCH, "provider"]) as (_, origin):
                SECTIONS[name](origin, folder)
    print(f"On {machine()}:\n")
    print("| what | figure | goal | |\n|---|---|---|---|")
    for cells in ROWS:
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
