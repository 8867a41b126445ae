"""AWS's own models of its services, as botocore ships them, under the names by which calls are signed."""

import functools
import re
from urllib.parse import parse_qsl

from botocore.loaders import Loader
from botocore.model import ServiceModel

# Signing names that are not the model's name too.
_MODELS = {
    "access-analyzer": "accessanalyzer",
    "elasticloadbalancing": "elbv2",
    "es": "opensearch",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
}
_LABEL = re.compile(r"\{([^}]+)\}")


@functools.cache
def model(service: str) -> ServiceModel:
    """The newest model of the service that signs as `service`. Raises botocore's UnknownServiceError."""
    name = _MODELS.get(service, service)
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


@functools.cache
def operation(service: str, name: str):
    """The model of an operation; None where the service has none of that name."""
    known = model(service)
    return known.operation_model(name) if name in known.operation_names else None


@functools.cache
def protocols(service: str) -> tuple:
    """The protocols that a service speaks."""
    metadata = model(service).metadata
    return tuple(metadata.get("protocols") or [metadata["protocol"]])


@functools.cache
def error_status(service: str, code: str) -> int | None:
    """The HTTP status that a REST service has for an error, where its model says so."""
    known = model(service)
    if "rest" not in protocols(service)[0] or code not in known.shape_names:
        return None
    return (known.shape_for(code).metadata.get("error") or {}).get("httpStatusCode")


@functools.cache
def routes(service: str) -> list:
    """For REST: method, pattern of the path, its labels, what the query must have, and the operation; special ones first."""
    known = []
    for name in model(service).operation_names:
        http = operation(service, name).http
        path, _, query = http["requestUri"].partition("?")
        parts = _LABEL.split(path)
        pattern = "".join(
            f"(?P<L{at // 2}>{'.+' if part.endswith('+') or at == len(parts) - 2 else '[^/]+'})" if at % 2 else re.escape(part)
            for at, part in enumerate(parts)
        )
        labels = [label.rstrip("+") for label in parts[1::2]]
        needed = {**_required_query(service, name), **dict(parse_qsl(query, keep_blank_values=True))}
        needed.pop("x-id", None)
        weight = (len(needed), sum(len(part) for part in parts[::2]), not operation(service, name).deprecated)
        known.append((weight, http["method"], re.compile(pattern + "/?"), labels, needed, name))
    return sorted(known, key=lambda route: route[0], reverse=True)


def _required_query(service: str, name: str) -> dict:
    shape = operation(service, name).input_shape
    required = {member: shape.members[member].serialization for member in shape.required_members} if shape else {}
    return {its.get("name", member): "" for member, its in required.items() if its.get("location") == "querystring"}
