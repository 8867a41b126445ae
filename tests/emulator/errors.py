"""Keeps `shared/aws/src/fault/models.json`: the operations that the functions call, and each error that AWS's models have.

`python -m emulator.errors` says what differs from the models of the botocore that is installed; with `--write` it brings the
file up to date. An operation that is to be called is added there by name, with `{}`.
"""

import functools
import json
import pathlib
import sys

from . import models

FILE = pathlib.Path(__file__).parents[2] / "shared/aws/src/fault/models.json"


def main() -> int:
    """The exit code is 1 when the file is not what the models say."""
    known = json.loads(FILE.read_text())
    fresh = {service: {name: _errors(service, name) for name in sorted(its)} for service, its in sorted(known.items())}
    if "--write" in sys.argv[1:]:
        FILE.write_text(json.dumps(fresh, indent=1) + "\n")
        return 0
    for service, its in fresh.items():
        for name, errors in its.items():
            if errors != known[service][name]:
                print(f"{service} {name}: the file has {known[service][name]}, the models have {errors}")
    return 0 if fresh == known else 1


@functools.cache
def listed() -> dict:
    """The operations whose errors are known, by service."""
    return {service: set(its) for service, its in json.loads(FILE.read_text()).items()}


def _errors(service, name) -> dict:
    """Each error as it is written in an answer, and its status."""
    errors = {}
    for shape in models.operation(service, name).error_shapes:
        error = shape.metadata.get("error") or {}
        errors[error.get("code") or shape.name] = error.get("httpStatusCode") or (500 if shape._shape_model.get("fault") else 400)
    return dict(sorted(errors.items()))


if __name__ == "__main__":
    sys.exit(main())
