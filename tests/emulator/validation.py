"""Every request is held against AWS's model of its operation, and against what AWS refuses besides.

A request that AWS would refuse is answered as AWS would, and kept: a test that ends with one fails.
"""

import asyncio
import collections
import threading

from . import errors, faults, figures, limits, models, outage, shapes, wire

# How each service names a request that is not valid; all others say ValidationException. API references, common errors.
_CODES = {
    "ecs": "InvalidParameterException",
    "ecr": "InvalidParameterException",
    "elasticache": "InvalidParameterValue",
    "elasticloadbalancing": "ValidationError",
    "es": "ValidationException",
    "kinesis": "ValidationException",
    "lambda": "InvalidParameterValueException",
    "monitoring": "ValidationError",
    "rds": "InvalidParameterValue",
    "route53": "InvalidInput",
    "s3": "InvalidArgument",
    "scheduler": "ValidationException",
    "servicequotas": "IllegalArgumentException",
    "sns": "InvalidParameter",
    "sqs": "InvalidParameterValue",
}
_KEPT = 1000  # violations; more of them say nothing new

_lock = threading.Lock()
_violations = collections.deque(maxlen=_KEPT)
_checked = collections.Counter()
_unmodelled = collections.Counter()
_prepared = set()


async def prepare(service: str) -> None:
    """Have the model of a service at hand. Some take half a second to load, in which others want to be served."""
    if service not in _prepared:
        await asyncio.to_thread(models.model, service)
        _prepared.add(service)


def read(service: str, method: str, path: str, headers: dict, body: bytes, query: dict) -> tuple:
    """Operation, members, and what is wrong with them. Operation and members are None for what no model describes."""
    try:
        found = wire.read(service, method, path, headers, body, query)
    except wire.Unreadable as problem:
        return None, None, [str(problem)]
    if found is None:
        return None, None, []
    operation, members = found
    wrong = shapes.problems(models.operation(service, operation).input_shape, members)
    # The table counts on types that are right.
    return operation, members, wrong or limits.problems(service, operation, members)


def check(call: dict, method: str, path: str, headers: dict, body: bytes, query: dict) -> tuple | None:
    """The refusal of a request that AWS would refuse. `call` is its record; what it asked for is noted there."""
    operation, members, wrong = read(call["service"], method, path, headers, body, query)
    with _lock:
        if operation is None and not wrong:
            _unmodelled[f"{call['service']} {call['operation']}"] += 1
            return None
        _checked[f"{call['service']} {operation or call['operation']}"] += 1
    figures.add("requests")
    if operation and _is_ours(headers) and operation not in errors.listed().get(call["service"], ()):
        # AWS would take it; but nobody has thought about how it may fail.
        _note(call, operation, [f"{operation} is not among the operations of {errors.FILE.name}"])
    if not wrong:
        return None
    _note(call, operation or call["operation"], wrong)
    text = f"{len(wrong)} validation error{'s' if len(wrong) > 1 else ''} detected: {'; '.join(wrong)}"
    code = _CODES.get(call["service"], "ValidationException")
    return faults.Fault(call["service"], kind="error", code=code, message=text, status=400).response(headers)


def _is_ours(headers) -> bool:
    """Whether a function of ours calls: in Lambda, with the SDK for Rust."""
    agent = headers.get("user-agent", "")
    return outage.ORIGIN in agent and "aws-sdk-rust" in agent


def _note(call, operation, problems) -> None:
    figures.add("requests_invalid")
    known = {key: call[key] for key in ("number", "service", "region", "caller")}
    with _lock:
        _violations.append({**known, "operation": operation, "problems": problems})


def report() -> dict:
    """What was checked, what no model describes, and what was refused."""
    with _lock:
        return {"checked": dict(_checked), "unmodelled": dict(_unmodelled), "violations": list(_violations)}


def forgive() -> list:
    """The violations so far, which are forgotten: the test made them on purpose."""
    with _lock:
        found = list(_violations)
        _violations.clear()
    figures.add("requests_invalid_on_purpose", len(found))
    return found


def clear() -> None:
    """Forget everything."""
    with _lock:
        for kept in (_violations, _checked, _unmodelled):
            kept.clear()
