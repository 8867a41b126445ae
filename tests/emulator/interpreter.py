"""The interpreter of Step Functions, where ministack's is milder than AWS.

Step Functions developer guide: error names (`States.ALL` catches neither `States.Runtime` nor
`States.DataLimitExceeded`), quotas (25,000 events, 256 KiB of payload), passing data with variables (an Assign sees the
values at the entry of its state), Choice state with JSONata (a Condition is true or false). That a child which failed is
`States.TaskFailed`, with its description as Cause, has been recorded on AWS by others (LocalStack's validated snapshots
of `startExecution.sync`), as have the events of an attempt: Scheduled, Started, and Submitted where the answer comes later.
"""

import contextvars
import copy
import json

from ministack.core.responses import now_iso
from ministack.services import stepfunctions as aws

from . import clock, expressions, waits

MOST_EVENTS = 25_000
MOST_BYTES = 256 * 1024
_TERMINAL = ("States.Runtime", "States.DataLimitExceeded")
_LATER = (".waitForTaskToken", ".sync")

# What the task of a state is given, until it is scheduled.
_given = contextvars.ContextVar("given", default=None)

_add_event = aws._add_event
_apply_arguments = aws._apply_jsonata_arguments
_apply_output = aws._apply_jsonata_output


def install() -> None:
    """Replace the parts. After the module of task tokens, whose arguments are measured here."""
    global _apply_arguments
    _apply_arguments = aws._apply_jsonata_arguments
    aws._add_event = add_event
    aws._apply_jsonata_arguments = apply_arguments
    aws._apply_jsonata_output = apply_output
    aws._apply_state_assign = apply_assign
    aws._error_matches = error_matches
    aws._evaluate_jsonata_choice_rule = condition
    aws._invoke_nested_start_execution_sync = run_child
    aws._run_sub_machine = run_iteration
    expressions.install()


def add_event(execution, kind, details=None):
    """With the events that ministack leaves out. The one that is one too many ends the execution."""
    if len(execution["events"]) >= MOST_EVENTS and not kind.startswith("Execution"):
        text = f"The execution reached the maximum number of history events ({MOST_EVENTS})."
        raise aws._ExecutionError("States.Runtime", text)
    if kind == "TaskScheduled":
        # What the task is given, as JSON (API reference, TaskScheduledEventDetails).
        details["taskScheduledEventDetails"]["parameters"] = json.dumps(_given.get())
    event = _add_event(execution, kind, details)
    if kind == "TaskScheduled":
        told = {name: text for name, text in details["taskScheduledEventDetails"].items() if name.startswith("resource")}
        _add_event(execution, "TaskStarted", {"taskStartedEventDetails": told})
        if told["resource"].rsplit(":", 1)[0].endswith(_LATER) or told["resource"].endswith(_LATER):
            _add_event(execution, "TaskSubmitted", {"taskSubmittedEventDetails": told})
    return event


def apply_arguments(state, raw_input, ctx=None):
    """What a task is given has a limit."""
    given = _measured(_apply_arguments(state, raw_input, ctx), ctx, "The input of the task")
    _given.set(given)
    return given


def apply_output(state, raw_input, ctx=None, result=None, error_output=None, default=None):
    """What a task answers, and what a state hands on, have the same one."""
    _measured(result, ctx, "The result of the task")
    output = _apply_output(state, raw_input, ctx, result=result, error_output=error_output, default=default)
    return _measured(output, ctx, "The output of the state")


def apply_assign(state, raw_input, ctx, result=None, error_output=None):
    """All at once: no variable of an Assign sees another one's new value."""
    if ctx is None or aws._state_query_language(state, ctx) != "JSONata" or not isinstance(state.get("Assign"), dict):
        return
    assigned = aws._apply_jsonata_template(state["Assign"], raw_input, ctx, result=result, error_output=error_output)
    ctx.setdefault("variables", {}).update(_measured(assigned, ctx, "What is assigned in the state"))


def error_matches(names, error):
    """Whether Retry or Catch of these names is for an error."""
    if error == "States.Runtime":
        return False
    if error in names:
        return True
    if error in _TERMINAL:
        return False
    return "States.ALL" in names or ("States.TaskFailed" in names and error != "States.Timeout")


def condition(rule, raw_input, ctx):
    """True or false, and nothing that is like them."""
    value = aws._jsonata_state_field(rule, "Condition", "boolean", raw_input, ctx)
    return value is True


def run_child(resource, arguments):
    """A child as any other execution: its name is used once, and the same start finds the first one."""
    request = aws._nested_start_execution_request(arguments)
    # Written as AWS writes JSON, without blanks.
    request["input"] = json.dumps(json.loads(request["input"]), ensure_ascii=False, separators=(",", ":"))
    status, _, body = aws._start_execution(request)
    answer = json.loads(body)
    if status >= 400:
        raise aws._ExecutionError(f"StepFunctions.{answer['__type']}Exception", answer["message"])
    arn = answer["executionArn"]
    child = aws._executions[arn]
    try:
        waits.until(lambda: float("inf"), lambda: child["status"] != "RUNNING")
    except waits.Stopped:
        aws._stop_execution({"executionArn": arn, "cause": "The parent execution was stopped."})
        raise
    told = _described(child)
    if child["status"] != "SUCCEEDED":
        raise aws._ExecutionError("States.TaskFailed", json.dumps(told, ensure_ascii=False))
    if resource.endswith(".sync:2"):
        told["Output"] = json.loads(told["Output"])
    return told


def _described(child) -> dict:
    told = {
        "ExecutionArn": child["executionArn"],
        "Input": child["input"],
        "InputDetails": {"Included": True},
        "Name": child["name"],
        "RedriveCount": 0,
        "RedriveStatus": "NOT_REDRIVABLE" if child["status"] == "SUCCEEDED" else "REDRIVABLE",
        "StartDate": int(clock.parse(child["startDate"]) * 1000),
        "StateMachineArn": child["stateMachineArn"],
        "Status": child["status"],
        "StopDate": int(clock.parse(child["stopDate"]) * 1000),
    }
    if child["status"] == "SUCCEEDED":
        return {**told, "Output": child["output"], "OutputDetails": {"Included": True}}
    # Both are left out where there are none.
    return told | {name.capitalize(): child[name] for name in ("error", "cause") if child.get(name)}


def run_iteration(states, start, data, execution, ctx):
    """One item of a Map, with its events in the history: what it takes counts for the limit of all of them."""
    add_event(execution, "MapIterationStarted", {"mapIterationStartedEventDetails": {"name": "", "index": 0}})
    name, data = start, copy.deepcopy(data)
    while name:
        state = states[name]
        kind = state["Type"]
        ctx["State"] = {"Name": name, "EnteredTime": now_iso(), "RetryCount": 0}
        entered = {"name": name, "input": json.dumps(data)}
        add_event(execution, f"{kind}StateEntered", {"stateEnteredEventDetails": entered})
        if kind == "Fail":
            raise aws._ExecutionError(*aws._fail_state_error(state, data, ctx))
        data, following = _step(state, data, execution, ctx)
        add_event(execution, f"{kind}StateExited", {"stateExitedEventDetails": {"name": name, "output": json.dumps(data)}})
        name = following
    add_event(execution, "MapIterationSucceeded", {"mapIterationSucceededEventDetails": {"name": "", "index": 0}})
    return data


def _step(state, data, execution, ctx):
    kind = state["Type"]
    if kind == "Succeed":
        return aws._apply_output_path(state, aws._apply_input_path(state, data, ctx), ctx), None
    if kind in ("Task", "Parallel", "Map"):
        return getattr(aws, f"_execute_{kind.lower()}")(state, data, execution, ctx)
    return getattr(aws, f"_execute_{kind.lower()}")(state, data, ctx)


def _measured(value, ctx, what):
    if value is None:
        return value
    size = len(json.dumps(value, ensure_ascii=False, default=str).encode())
    if size > MOST_BYTES:
        state = (ctx or {}).get("State", {}).get("Name", "")
        text = f"{what} '{state}' has {size} bytes, which exceeds the maximum number of bytes service limit."
        raise aws._ExecutionError("States.DataLimitExceeded", text)
    return value
