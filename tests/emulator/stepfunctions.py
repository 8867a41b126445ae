"""Step Functions: execution names that are used once, which makes a good name an idempotency key."""

from ministack.core.responses import get_account_id, get_region, json_response
from ministack.services import stepfunctions as aws

from . import clock

_NAME_KEPT = 90 * 24 * 3600  # seconds; Step Functions API reference, StartExecution

_start_execution = aws._start_execution


def install() -> None:
    """Replace StartExecution wherever ministack calls it."""
    aws._start_execution = start_execution


def start_execution(request):
    """Same name and input while it runs: the same execution. Otherwise a used name is refused for ninety days."""
    known = _known(request)
    if known is None:
        return _start_execution(request)
    if known["status"] == "RUNNING" and known["input"] == request.get("input", "{}"):
        return json_response({"executionArn": known["executionArn"], "startDate": known["startDate"]})
    if known["stopDate"] and clock.parse(known["stopDate"]) + _NAME_KEPT < clock.now():
        aws._executions.pop(known["executionArn"])
    return _start_execution(request)


def _known(request):
    machine_arn = aws._resolve_state_machine_arn(request.get("stateMachineArn", ""))
    machine = aws._state_machines.get(machine_arn) if machine_arn else None
    if machine is None or not request.get("name"):
        return None
    arn = f"arn:aws:states:{get_region()}:{get_account_id()}:execution:{machine['name']}:{request['name']}"
    return aws._executions.get(arn)
