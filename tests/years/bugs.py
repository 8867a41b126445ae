"""Makes each bug of `bugs.yaml`, plays the fixed set, and tells by which seed and how soon it is found.

    python3 tests/years/bugs.py [NAME-OF-AN-INVARIANT...]
"""

import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[2]
HISTORIES = "80"


def bugs():
    """The entries of the list, which uses no more of YAML than quoted and plain texts."""
    entries = []
    for line in (ROOT / "tests/years/bugs.yaml").read_text().splitlines():
        found = re.match(r"(-| ) (bug|finds|file|from|to): (.*)$", line)
        if not found:
            continue
        dash, field, text = found.groups()
        if dash == "-":
            entries.append({})
        entries[-1][field] = text[1:-1] if text[0] in "'\"" else text
    return entries


def play(bug):
    """What the fixed set says with a bug in the product."""
    place = ROOT / bug["file"]
    before = place.read_text()
    if before.count(bug["from"]) != 1:
        return f"the place is not there once: {bug['from']}"
    place.write_text(before.replace(bug["from"], bug["to"]))
    try:
        built = subprocess.run(["cargo", "build", "--quiet", "--bin", "years"], cwd=ROOT, capture_output=True, text=True)
        if built.returncode:
            return "it does not compile: " + built.stderr.strip().splitlines()[0]
        began = time.monotonic()
        command = ["cargo", "years", "--histories", HISTORIES, "--first"]
        played = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        took = time.monotonic() - began
    finally:
        place.write_text(before)
    found = re.search(r"^found: (.*)$", played.stdout, re.MULTILINE)
    return f"{took:.0f} s: {found.group(1)}" if found else f"{took:.0f} s: NOT FOUND"


def main():
    """Every bug, or those that the named invariants are to find."""
    missed = 0
    for bug in bugs():
        if sys.argv[1:] and bug["finds"] not in sys.argv[1:]:
            continue
        said = play(bug)
        missed += bug["finds"] not in said
        print(f"{bug['bug']}\n    {bug['finds']}: {said}", flush=True)
    return missed


if __name__ == "__main__":
    sys.exit(main())
