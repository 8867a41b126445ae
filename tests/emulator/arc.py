"""Routing controls of Amazon Application Recovery Controller, which ministack lacks.

API reference of Route 53 Recovery Cluster: GetRoutingControlState, ListRoutingControls, UpdateRoutingControlState and
UpdateRoutingControlStates. A cluster has five endpoints in five regions; here, the region that a call is signed for
tells them apart, so a fault for that region lets one endpoint fail.
"""

import json
import re

from ministack import app
from ministack.core import router
from ministack.core.responses import json_response
from ministack.core.responses import error_response_json as error

SERVICE = "route53-recovery-cluster"
STATES = ("On", "Off")

_ARN = re.compile(r"arn:aws:route53-recovery-control::\d{12}:controlpanel/[0-9a-f]{32}/routingcontrol/[0-9a-f]{16}")
_controls = {}  # ARN -> name and state


def install() -> None:
    """Add the service to ministack."""
    router.SERVICE_PATTERNS[SERVICE] = {"target_prefixes": ["ToggleCustomerAPI"]}
    app.SERVICE_HANDLERS[SERVICE] = handle_request


def reset() -> None:
    """Forget everything."""
    _controls.clear()


def put(arn: str, name: str, state: str) -> None:
    """Make a routing control, or change it. Raises ValueError with the field that is wrong."""
    if not _ARN.fullmatch(arn):
        raise ValueError(f"field `arn`: found {arn!r}, expected the ARN of a routing control")
    if state not in STATES:
        raise ValueError(f"field `state`: found {state!r}, expected On or Off")
    _controls[arn] = {"RoutingControlName": name, "RoutingControlState": state}


def state(arn: str):
    """On, Off, or None where there is no such control."""
    return _controls.get(arn, {}).get("RoutingControlState")


async def handle_request(_method, _path, headers, body, _query_params):
    """One call of the JSON 1.0 protocol."""
    operation = _OPERATIONS.get(headers.get("x-amz-target", "").rsplit(".", 1)[-1])
    if operation is None:
        return error("UnknownOperationException", "the sandbox does not know this operation")
    return operation(json.loads(body or b"{}"))


def _get(request):
    arn = request.get("RoutingControlArn")
    return _problem([request]) or json_response({"RoutingControlArn": arn, **_controls[arn]})


def _list(request):
    panel = request.get("ControlPanelArn")
    known = sorted((arn, arn.rsplit("/routingcontrol/", 1)[0]) for arn in _controls)
    return json_response({
        "RoutingControls": [
            {"RoutingControlArn": arn, "ControlPanelArn": its, **_controls[arn]}
            for arn, its in known
            if panel in (None, its)
        ]
    })


def _update_one(request):
    return _update([request])


def _update_several(request):
    return _update(request.get("UpdateRoutingControlStateEntries") or [])


def _update(entries):
    # All or none.
    problem = _problem(entries)
    if problem:
        return problem
    for entry in entries:
        if entry.get("RoutingControlState") not in STATES:
            return error("ValidationException", f"RoutingControlState: {entry.get('RoutingControlState')}")
    for entry in entries:
        _controls[entry["RoutingControlArn"]]["RoutingControlState"] = entry["RoutingControlState"]
    return json_response({})


def _problem(entries):
    for entry in entries:
        if entry.get("RoutingControlArn") not in _controls:
            return error("ResourceNotFoundException", f"{entry.get('RoutingControlArn')} does not exist", 404)
    return None


_OPERATIONS = {
    "GetRoutingControlState": _get,
    "ListRoutingControls": _list,
    "UpdateRoutingControlState": _update_one,
    "UpdateRoutingControlStates": _update_several,
}
