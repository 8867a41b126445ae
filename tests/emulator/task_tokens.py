"""Task tokens: one for each attempt, good for one answer, until its task is over.

Step Functions API reference, SendTaskSuccess and SendTaskFailure: InvalidToken for what is no token, TaskTimedOut for
one whose task has ended or timed out, TaskDoesNotExist for a token of no task that is known.
"""

import base64
import contextvars
import dataclasses
import json
import os
import re
import threading

from ministack.core.responses import error_response_json as error
from ministack.core.responses import json_response
from ministack.services import stepfunctions as aws

from . import clock, waits

# Real tokens are about this long, and have characters that a shell or a URL would change.
_TOKEN_BYTES = 420
_PREFIX = "AQCcAAAAKgAAAAMAAAAAAAAAA"
_FORM = re.compile(r"AQC[A-Za-z0-9+/]{100,}={0,2}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FOREVER = float("inf")

_apply_arguments = aws._apply_jsonata_arguments
_apply_parameters = aws._apply_parameters
_invoke_with_timeout = aws._invoke_resource_with_timeout

_closed = set()


@dataclasses.dataclass(frozen=True)
class _Attempt:
    """One attempt of a task: its token, and its limits in seconds."""

    token: str
    timeout: float
    heartbeat: float


_attempt = contextvars.ContextVar("attempt")


def install() -> None:
    """Replace the calls with a callback, and the answers."""
    aws._apply_jsonata_arguments = apply_arguments
    aws._apply_parameters = apply_parameters
    aws._invoke_with_callback = invoke_with_callback
    aws._invoke_resource_with_timeout = invoke_with_timeout
    aws._send_task_success = send_task_success
    aws._send_task_failure = send_task_failure
    aws._send_task_heartbeat = send_task_heartbeat


def reset() -> None:
    """Forget the tokens of tasks that have ended."""
    _closed.clear()


def apply_arguments(state, raw_input, ctx=None):
    """The arguments of an attempt, with a token of its own in the context."""
    return _apply_arguments(state, raw_input, _begun(state, raw_input, ctx))


def apply_parameters(state, data, ctx=None):
    """As for arguments, in machines that speak JSONPath."""
    return _apply_parameters(state, data, _begun(state, data, ctx))


def invoke_with_callback(resource, arguments, _token, _state):
    """Call, then wait for the answer. A call that fails is a task that fails."""
    attempt = _attempt.get()
    arns = waits.executions()
    task = {"event": threading.Event(), "result": None, "error": None, "heartbeat": clock.now(), "executions": arns}
    aws._task_tokens[attempt.token] = task
    began = clock.now()
    try:
        aws._invoke_resource(resource.replace(".waitForTaskToken", ""), arguments)
        answered = waits.until(
            lambda: min(began + attempt.timeout, task["heartbeat"] + attempt.heartbeat), task["event"].is_set
        )
    finally:
        _close(attempt.token)
    # An answer that came in the last moment counts: its sender was told so.
    if not answered and not task["event"].is_set():
        silent = task["heartbeat"] + attempt.heartbeat < began + attempt.timeout
        name = "States.HeartbeatTimeout" if silent else "States.Timeout"
        raise aws._ExecutionError(name, "The task was not answered in time.")
    if task["error"]:
        raise aws._ExecutionError(task["error"]["Error"], task["error"]["Cause"])
    return json.loads(task["result"])


def invoke_with_timeout(resource, arguments, timeout):
    """TimeoutSeconds may be an expression."""
    limit = timeout if isinstance(timeout, (int, float)) else _attempt.get().timeout
    return _invoke_with_timeout(resource, arguments, limit)


def send_task_success(request):
    """End a task well."""
    output = request.get("output")
    try:
        json.loads(output)
    except (TypeError, ValueError):
        return error("InvalidOutput", "Invalid Output: 'The output is not valid JSON'", 400)
    return _settle(request, result=output)


def send_task_failure(request):
    """End a task badly."""
    # What is not given is null for who catches it, as recorded on AWS by others (LocalStack's validated snapshots).
    return _settle(request, error={"Error": request.get("error"), "Cause": request.get("cause")})


def send_task_heartbeat(request):
    """Keep a task alive."""
    with waits.condition:
        task = _open(request.get("taskToken"))
        if task is None:
            return _refused(request.get("taskToken"))
        task["heartbeat"] = clock.now()
        waits.condition.notify_all()
    return json_response({})


def _settle(request, **outcome):
    token = request.get("taskToken")
    with waits.condition:
        task = _open(token)
        if task is None:
            return _refused(token)
        _closed.add(token)
        task.update(outcome)
        task["event"].set()
        waits.condition.notify_all()
    return json_response({})


def _open(token):
    task = aws._task_tokens.get(token)
    if task is None or token in _closed or not waits.running(task.get("executions", ())):
        return None
    return task


def _close(token) -> None:
    with waits.condition:
        _closed.add(token)
        aws._task_tokens.pop(token, None)


def _refused(token):
    if token in _closed or token in aws._task_tokens:
        return error("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'", 400)
    if not isinstance(token, str) or not _FORM.fullmatch(token):
        return error("InvalidToken", "Invalid Token: 'Invalid token'", 400)
    return error("TaskDoesNotExist", "Task does not exist", 400)


def _begun(state, data, ctx):
    if state.get("Type") != "Task" or ctx is None:
        return ctx
    token = _PREFIX + base64.b64encode(os.urandom(_TOKEN_BYTES)).decode()
    # A copy: branches that run at the same time share the original.
    if ".waitForTaskToken" in state.get("Resource", ""):
        ctx = {**ctx, "Task": {"Token": token}}
    limits = [_limit(state, field, data, ctx) for field in ("TimeoutSeconds", "HeartbeatSeconds")]
    _attempt.set(_Attempt(token, *limits))
    return ctx


def _limit(state, field, data, ctx) -> float:
    if f"{field}Path" in state:
        found = aws._resolve_path_or_ctx(state[f"{field}Path"], data, ctx)
    elif isinstance(state.get(field), str):
        found = aws._jsonata_state_field(state, field, "number", data, ctx)
    else:
        found = state.get(field, _FOREVER)
    if isinstance(found, bool) or not isinstance(found, (int, float)) or found <= 0:
        raise aws._ExecutionError("States.Runtime", f"{field}: found {found!r}, expected a number above 0")
    return found
