"""Holds names against AWS's limits: `python -m emulator.names`, with a JSON list of [service, operation, members] as input.

Prints what AWS would refuse of each request, one line a problem; members that are left out are not missed.
"""

import json
import sys

from . import limits, models, shapes


def main() -> int:
    """The exit code is 1 where something is refused."""
    problems = 0
    for service, operation, members in json.load(sys.stdin):
        found = shapes.problems(models.operation(service, operation).input_shape, members)
        found = [text for text in found if "must not be null" not in text] or limits.problems(service, operation, members)
        problems += len(found)
        for text in found:
            print(f"{service} {operation}: {text}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
