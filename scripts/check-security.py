#!/usr/bin/env python3
"""Checks SECURITY.md, whose promises are verified by named tests: fails unless
the attacks are numbered in order and each test exists in the named module."""

import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).parent.parent
listed = subprocess.run(["git", "ls-files", "*.rs"], cwd=root, check=True, capture_output=True)
sources = {}
for path in listed.stdout.decode().split():
    if (root / path).is_file():
        # `a::b` is in a/b.rs, a/b/mod.rs or a/b/main.rs, with or without src/.
        module = re.sub(r"(/mod|/main)?\.rs$", "", path.replace("/src/", "/"))
        sources[f"/{module}"] = (root / path).read_text()

wrong = []
rows = re.findall(r"^\| (\d+) \|.*\| (.*) \|$", (root / "SECURITY.md").read_text(), re.MULTILINE)
for expected, (number, names) in enumerate(rows, 1):
    if int(number) != expected:
        wrong.append(f"attack {number} is out of order")
    for name in re.findall(r"`(.*?)`", names) or [""]:
        module, _, function = name.rpartition("::")
        declared = re.compile(rf"#\[test\]\n *fn {function}\(\)")
        end = "/" + module.replace("::", "/")
        if not any(at.endswith(end) and declared.search(text) for at, text in sources.items()):
            wrong.append(f"attack {number}: test `{name}` not found")
if not rows:
    wrong.append("SECURITY.md contains no table of attacks")
sys.exit("\n".join(wrong) or 0)
