"""Awkward sights of an expression: what it reads, with one leaf that is other than it was."""

import copy
import random

_LONG = "é" * 5000
_VALUES = (None, "", "text", '{"a":', _LONG, 0, -1, 1.5, True, False, [], ["x"], [["x"]], {}, {"a": None})
_ABSENT = object()
# For these, the sandbox's engine takes null for nothing, where the reference counts it; the functions send lists.
_NOT_NULL = ("$count(", "$join(")


def sights(line: dict, count: int, seed: int) -> list:
    """`count` copies of what an expression saw, each with one other leaf, always the same ones for the same seed."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        seen = copy.deepcopy({"variables": line["variables"], "states": line["states"]})
        # The context is AWS's own, and never awkward.
        parts = {name: part for name, part in seen["states"].items() if name != "context"}
        places = [*_places(seen["variables"]), *_places(parts)]
        if not places:
            break
        holder, key = chance.choice(places)
        value = chance.choice((*_VALUES, _ABSENT))
        if value is None and any(call in line["expression"] for call in _NOT_NULL):
            continue
        if value is not _ABSENT:
            holder[key] = value
        elif isinstance(holder, dict) and holder is not seen["variables"] and holder is not parts:
            del holder[key]
        found.append({"variables": seen["variables"], "states": {**seen["states"], **parts}})
    return found


def _places(value):
    """Where something is in something: the holder and the key, of everything inside."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(pairs):
        yield value, key
        yield from _places(item)
