"""Holds evaluated expressions against JSONata's reference implementation, a process beside this one.

Each is judged on what it saw, and on awkward variations of it: both engines have to give the same value, or none.
"""

import json
import os
import subprocess

from . import awkward, expressions, figures

_AWKWARD = 3  # variations of each sight
_LIMIT = 120  # seconds
# The engine gave up after a second, on a machine that is busy: that says nothing about the expression.
_BUSY = "Evaluation timeout"


def judge() -> dict:
    """Judge what was evaluated since the last time: how many, and where the two differ or there was no value at all.

    With all of it, for a third engine to be held against.
    """
    recorded = expressions.take()
    varied = [
        {**line, **sight}
        for at, line in enumerate(recorded)
        for sight in awkward.sights(line, _AWKWARD, at)
    ]
    lines = recorded + [{**line, **expressions.outcome(line)} for line in map(_bare, varied)]
    lines = [line for line in lines if _BUSY not in line.get("error", "")]
    recorded = [line for line in recorded if _BUSY not in line.get("error", "")]
    found = [_difference(line, given) for line, given in zip(lines, _reference(lines), strict=True) if given]
    # In a machine, an expression without a value ends the execution, whatever both engines think of it.
    found += [_difference(line, {"error": line["error"]}) for line in recorded if "error" in line]
    figures.add("expressions", len(recorded))
    figures.add("expressions_varied", len(lines) - len(recorded))
    figures.add("expressions_different", len(found))
    awkward_ones = len(lines) - len(recorded)
    return {"evaluated": len(recorded), "awkward": awkward_ones, "differences": found, "lines": lines}


def _reference(lines) -> list:
    if not lines:
        return []
    command = json.loads(os.environ["WATCHKEEPER_REFERENCE"])
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=_LIMIT, check=False)
    if done.returncode:
        raise ValueError(f"the reference implementation failed: {done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _bare(line) -> dict:
    return {name: value for name, value in line.items() if name not in ("value", "error")}


def _difference(line, given) -> dict:
    place = {name: line[name] for name in ("machine", "state", "expression")}
    seen = json.dumps({"variables": line["variables"], "states": line["states"]})[:2000]
    here = json.dumps({name: line[name] for name in ("value", "error") if name in line})[:500]
    return {**place, "seen": seen, "sandbox": here, "reference": json.dumps(given)[:500]}
