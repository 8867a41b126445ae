"""Faults that tests order: the next calls of an operation are throttled, refused, held up, or never answered."""

import dataclasses
import json
import threading

from . import cbor

KINDS = ("throttle", "error", "hold", "hang")

# Services that speak the query protocol, and so answer errors in XML.
_QUERY_SERVICES = (
    "rds", "sns", "iam", "sts", "cloudformation", "monitoring", "elasticache", "route53", "elasticloadbalancing",
)
_THROTTLE_CODES = {"rds": "Throttling", "sns": "Throttled", "cloudformation": "Throttling", "monitoring": "Throttling"}


@dataclasses.dataclass
class Fault:
    """One order. It lets `skip` matching calls pass, then strikes `times` of them (all, when `times` is None)."""

    service: str
    operation: str = "*"
    kind: str = "throttle"
    region: str | None = None
    partition: str | None = None  # only puts of items of DynamoDB whose `pk` begins so
    skip: int = 0
    times: int | None = 1
    seconds: float = 0.0
    code: str | None = None
    message: str = "ordered by the test"
    status: int | None = None
    after_effect: bool = False  # the call does its work first, and only its answer is lost
    struck: int = 0

    def matches(self, service: str, operation: str, region: str, partition: str) -> bool:
        """Whether a call is of the kind that this fault is for."""
        return (
            self.service == service
            and self.operation in ("*", operation)
            and self.region in (None, region)
            and partition.startswith(self.partition or "")
            and (self.times is None or self.struck < self.times)
        )

    def response(self, headers: dict) -> tuple:
        """The error that the caller gets: status, headers, body. In the protocol of a call with these headers."""
        throttled = self.kind == "throttle"
        usual = _THROTTLE_CODES.get(self.service, "ThrottlingException") if throttled else "InternalFailure"
        code = self.code or usual
        status = self.status or (400 if throttled else 500)
        content = headers.get("content-type", "")
        if "cbor" in content:
            body = cbor.dumps({"__type": code, "message": self.message})
            return status, {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}, body
        if self.service == "s3":
            text = f"<Error><Code>{code}</Code><Message>{self.message}</Message></Error>"
            return status, {"Content-Type": "application/xml"}, text.encode()
        if self.service in _QUERY_SERVICES and "json" not in content:
            side = "Sender" if status < 500 else "Receiver"
            text = (
                f"<ErrorResponse><Error><Type>{side}</Type><Code>{code}</Code><Message>{self.message}</Message></Error>"
                "<RequestId>ordered</RequestId></ErrorResponse>"
            )
            return status, {"Content-Type": "text/xml"}, text.encode()
        body = json.dumps({"__type": code, "message": self.message}).encode()
        return status, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": code}, body


_lock = threading.Lock()
_faults = []


def order(request: dict) -> None:
    """Add a fault. Raises ValueError with the field when the order is not understood."""
    known = {field.name for field in dataclasses.fields(Fault)} - {"struck"}
    for name in request:
        if name not in known:
            raise ValueError(f"unknown field `{name}`; known are {', '.join(sorted(known))}")
    if not request.get("service"):
        raise ValueError("field `service`: missing, expected the name under which calls are recorded, such as ecs")
    fault = Fault(**request)
    if fault.kind not in KINDS:
        raise ValueError(f"field `kind`: found {fault.kind!r}, expected one of {', '.join(KINDS)}")
    with _lock:
        _faults.append(fault)


def take(service: str, operation: str, region: str, partition: str = "") -> Fault | None:
    """The fault that strikes this call, if one does."""
    with _lock:
        for fault in _faults:
            if not fault.matches(service, operation, region, partition):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.struck += 1
            return fault
    return None


def stands(fault: Fault) -> bool:
    """Whether an order has not been forgotten."""
    with _lock:
        return any(other is fault for other in _faults)


def everything() -> list:
    """All orders with how often each has struck."""
    with _lock:
        return [dataclasses.asdict(fault) for fault in _faults]


def clear() -> None:
    """Forget all orders."""
    with _lock:
        _faults.clear()
