"""A record of every API call, so that a test can say: no write, and at most fifty DescribeServices."""

import collections
import itertools
import json
import re
import threading
from urllib.parse import parse_qs

from . import cbor, clock

_LIMIT = 500_000  # calls kept; the oldest go first

# What a call was about: the members of a request that name resources, whatever the service.
_NAMING = (
    "cluster", "service", "services", "resourceArn", "ResourceId", "ResourceIds", "DBInstanceIdentifier",
    "DBClusterIdentifier", "TableName", "TopicArn", "stateMachineArn", "executionArn", "name", "FunctionName",
    "QueueUrl", "StackName", "AlarmName", "AlarmNames",
)
_READS = re.compile(r"(BatchGet|Describe|Get|Head|List|Query|Scan|TransactGet|Lookup|Simulate|Validate)")
_APP = re.compile(r"\bapp/(\S+)")

_lock = threading.Lock()
_order = itertools.count(1)
_calls = collections.deque(maxlen=_LIMIT)


def begin(service: str, operation: str, region: str, headers: dict, body: bytes) -> dict:
    """Note a call that has arrived. `end` completes it."""
    caller = _APP.search(headers.get("user-agent", ""))
    call = {
        "number": next(_order),
        "at": clock.iso(clock.now()),
        "service": service,
        "operation": operation,
        "region": region,
        "caller": caller.group(1) if caller else None,
        "write": not _READS.match(operation),
        "resources": _resources(headers, body),
        "status": None,
        "error": None,
        "fault": None,
    }
    with _lock:
        _calls.append(call)
    return call


def end(call: dict, status: int, body) -> None:
    """Complete a call with what was answered."""
    call["status"] = status
    if status >= 400 and isinstance(body, bytes):
        call["error"] = error_code(body)


def since(number: int) -> list:
    """The calls after `number`, oldest first."""
    with _lock:
        return [call for call in _calls if call["number"] > number]


def clear() -> None:
    """Forget all calls. Numbers go on rising."""
    with _lock:
        _calls.clear()


def error_code(body: bytes):
    """The code of an error response, JSON or XML."""
    if body.lstrip().startswith(b"<"):
        found = re.search(rb"<Code>([^<]+)</Code>", body)
        return found.group(1).decode() if found else None
    try:
        answer = json.loads(body) if body[:1] == b"{" else cbor.loads(body)
        return answer.get("__type", "").rsplit("#", 1)[-1] or None
    except (ValueError, AttributeError, cbor.CBORDecodeError):
        return None


def _resources(headers: dict, body: bytes) -> dict:
    # Uploads of code and templates name nothing and are large.
    if not body or len(body) > 100_000:
        return {}
    try:
        if "cbor" in headers.get("content-type", ""):
            request = cbor.loads(body)
        else:
            request = json.loads(body) if body.lstrip()[:1] == b"{" else _form(body)
    except (ValueError, cbor.CBORDecodeError):
        return {}
    if not isinstance(request, dict):
        return {}
    named = {key: request[key] for key in _NAMING if key in request}
    # Whose item of the ledger a put writes.
    match request:
        case {"Item": {"pk": {"S": partition}}}:
            named["pk"] = partition
    return named


def _form(body: bytes) -> dict:
    return {key: values[0] for key, values in parse_qs(body.decode("utf-8", errors="replace")).items()}
