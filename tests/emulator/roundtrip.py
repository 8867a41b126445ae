"""Checks `wire` and `shapes` against botocore's own serializers: `python -m emulator.roundtrip`.

For each operation of each service that we call, botocore writes a request with every member that there is; `wire` has to
read the same operation and members from it, and `shapes` has nothing to say of them.
"""

import datetime
import sys
from urllib.parse import parse_qs, unquote, urlencode

from botocore.serialize import create_serializer

from . import models, shapes, wire

_SERVICES = (
    "application-autoscaling", "backup", "dynamodb", "ecr", "ecs", "elasticache", "elasticloadbalancing", "es", "events",
    "kinesis", "monitoring", "rds", "route53", "route53-recovery-cluster", "s3", "servicequotas", "sns", "sqs", "states",
)
# Older names of operations that have the same request: the newer one is read.
_OLD = {"GetBucketLifecycle", "GetBucketNotification", "PutBucketLifecycle", "PutBucketNotification"}
# In a region, its request is that of ListBuckets.
_ELSEWHERE = {"ListDirectoryBuckets"}
_INSTANT = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
_DEPTH = 6  # of members that are not required; some structures hold themselves


def main() -> int:
    """Prints what is read otherwise than it was written; the exit code is 1 then."""
    read, odd = 0, []
    for service in _SERVICES:
        for protocol in models.protocols(service):
            for name in models.model(service).operation_names:
                if name not in _OLD | _ELSEWHERE:
                    read += 1
                    odd += [f"{service} {name} ({protocol}): {problem}" for problem in _problems(service, protocol, name)]
    print("\n".join([*odd, f"{read} requests read as they were written" if not odd else f"{len(odd)} of {read} are odd"]))
    return 1 if odd else 0


def _problems(service, protocol, name):
    operation = models.operation(service, name)
    if operation.has_event_stream_input:
        return
    written = _sample(operation.input_shape, 0) if operation.input_shape else {}
    found = wire.read(service, *_request(create_serializer(protocol, False).serialize_to_request(written, operation)))
    if found is None or found[0] != name:
        yield f"read as {found and found[0]}"
        return
    for member in {**written, **found[1]}:
        if _plain(written.get(member)) != _plain(found[1].get(member)):
            yield f"{member}: wrote {written.get(member)!r}, read {found[1].get(member)!r}"
    # A sample has no way to know a pattern.
    yield from (text for text in shapes.problems(operation.input_shape, found[1]) if "regular expression" not in text)


def _request(request):
    path, _, more = request["url_path"].partition("?")
    query = parse_qs(more, keep_blank_values=True)
    asked = request["query_string"] or {}
    query.update(parse_qs(asked if isinstance(asked, str) else urlencode(asked, doseq=True), keep_blank_values=True))
    body = request["body"]
    body = urlencode(body) if isinstance(body, dict) else body
    headers = {key.lower(): text.decode() if isinstance(text, bytes) else str(text) for key, text in request["headers"].items()}
    return request["method"], unquote(path), headers, body.encode() if isinstance(body, str) else body, query


def _sample(shape, depth):
    kind, rules = shape.type_name, shape.metadata
    if kind == "structure":
        return _structure(shape, depth)
    if kind == "list":
        return [_sample(shape.member, depth + 1)] * max(1, rules.get("min") or 0)
    if kind == "map":
        pairs = range(max(1, rules.get("min") or 0))
        return {f"{_sample(shape.key, depth + 1)}{at or ''}": _sample(shape.value, depth + 1) for at in pairs}
    if kind == "string":
        return rules["enum"][0] if rules.get("enum") else "a" * min(max(3, rules.get("min") or 0), rules.get("max") or 99999)
    least = rules.get("min") or 0
    others = {"boolean": True, "blob": b"abc", "timestamp": _INSTANT, "float": float(least) + 0.5, "double": float(least) + 0.5}
    return others.get(kind, max(1, int(least)))


def _structure(shape, depth):
    if getattr(shape, "is_document_type", False):
        return {}
    members = {
        name: its for name, its in shape.members.items() if depth <= _DEPTH or name in shape.required_members
    }
    if getattr(shape, "is_tagged_union", False):
        members = dict(list(members.items())[:1])
    return {name: _sample(its, depth + 1) for name, its in members.items()}


def _plain(value):
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, dict):
        # An empty structure has no form in the query protocol.
        return {key: plain for key, item in value.items() if (plain := _plain(item)) != {}}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


if __name__ == "__main__":
    sys.exit(main())
