"""Step Functions: execution names that are used once, which makes a good name an idempotency key; and definitions, which are
looked at before they are called valid."""

import json

from ministack.core.responses import get_account_id, get_region, json_response
from ministack.services import stepfunctions as aws

from . import clock

_NAME_KEPT = 90 * 24 * 3600  # seconds; Step Functions API reference, StartExecution

_start_execution = aws._start_execution


def install() -> None:
    """Replace StartExecution wherever ministack calls it, and the validation of definitions."""
    aws._start_execution = start_execution
    aws._validate_state_machine_definition = validate


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


def validate(request):
    """What is no JSON, and what leads to a state that is not there (API reference, ValidateStateMachineDefinition)."""
    try:
        definition = json.loads(request.get("definition", ""))
    except ValueError as error:
        found = [("INVALID_JSON_DESCRIPTION", str(error), "")]
    else:
        found = list(_flaws(definition, ""))
    diagnostics = [
        {"severity": "ERROR", "code": code, "message": text, "location": place} for code, text, place in found
    ]
    return json_response({"result": "FAIL" if found else "OK", "diagnostics": diagnostics, "truncated": False})


def _flaws(machine, place):
    states = machine.get("States") or {}
    targets = [(machine.get("StartAt"), f"{place}/StartAt")]
    for name, state in states.items():
        here = f"{place}/States/{name}"
        for rule in [state, *state.get("Choices", []), *state.get("Catch", [])]:
            targets += [(rule[field], f"{here}/{field}") for field in ("Next", "Default") if field in rule]
        inner = [state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", [])]
        for number, part in enumerate(part for part in inner if part):
            yield from _flaws(part, f"{here}/{number}")
    for target, where in targets:
        if target not in states:
            yield "MISSING_TRANSITION_TARGET", f"Missing 'Next' target: {target}", where


def _known(request):
    machine_arn = aws._resolve_state_machine_arn(request.get("stateMachineArn", ""))
    machine = aws._state_machines.get(machine_arn) if machine_arn else None
    if machine is None or not request.get("name"):
        return None
    arn = f"arn:aws:states:{get_region()}:{get_account_id()}:execution:{machine['name']}:{request['name']}"
    return aws._executions.get(arn)
