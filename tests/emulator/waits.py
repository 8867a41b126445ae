"""Waits of Step Functions: they end by the emulated clock, and with the execution that waits.

A Wait of 45 seconds or more (`wait_scaled_below_seconds`) ends when the emulated clock has moved that far since it was
entered: because real time passed, or because a test moved the clock. Shorter ones, and the intervals of retries, do not
hold up tests: they also end after their length times `wait_scale` in real time.

In a region that is lost, no state is entered and none is left.
"""

import contextlib
import contextvars
import threading
import time
import types

from ministack.services import stepfunctions as aws

from . import clock, outage, settings

_LONGEST = 1.0  # seconds until a waiting thread looks again by itself
_FOREVER = float("inf")

condition = threading.Condition()
_executions = contextvars.ContextVar("executions", default=())
_in_wait_state = contextvars.ContextVar("in_wait_state", default=False)

_run_execution = aws._run_execution
_execute_task = aws._execute_task
_execute_wait = aws._execute_wait
_execute_pass = aws._execute_pass
_execute_choice = aws._execute_choice
_stop_execution = aws._stop_execution
_fail_execution = aws._fail_execution


class Stopped(BaseException):
    """The execution was stopped. Not an Exception: no Catch of a state machine may see it."""


def install() -> None:
    """Replace what runs, waits, and ends."""
    clock.on_change(wake)
    outage.on_change(lambda _loss, _lost: wake())
    # It rests a moment at the start of each execution: whoever stops its parent then would find nothing at work.
    aws.time = types.SimpleNamespace(**{**vars(time), "sleep": lambda _seconds: None})
    aws._run_execution = run_execution
    run_iteration = aws._run_sub_machine
    aws._run_sub_machine = lambda *arguments: run_sub_machine(run_iteration, *arguments)
    aws._execute_task = execute_task
    aws._execute_wait = execute_wait
    aws._execute_pass = execute_pass
    aws._execute_choice = execute_choice
    aws._scaled_sleep = pause
    aws._stop_execution = stop_execution
    aws._fail_execution = fail_execution


def wake() -> None:
    """Let all waiting threads look again."""
    with condition:
        condition.notify_all()


def executions() -> tuple:
    """The ARNs of the executions that this thread works for: the outermost first."""
    return _executions.get()


def running(arns) -> bool:
    """Whether none of these executions has ended."""
    return all((aws._executions.get(arn) or {}).get("status") == "RUNNING" for arn in arns)


def until(due, over=lambda: False, at=_FOREVER) -> bool:
    """Block until `over()`: then True. Or until the emulated clock reaches `due()`, or the monotonic one `at`: False.

    Raises Stopped when an execution that this thread works for is stopped meanwhile.
    """
    arns = executions()
    with condition:
        while True:
            if not running(arns):
                if over():
                    return True
                raise Stopped
            if outage.here():
                condition.wait(_LONGEST)
                continue
            if over():
                return True
            left = min(due() - clock.now(), at - time.monotonic())
            if left <= 0:
                return False
            condition.wait(min(left, _LONGEST))


def hold() -> None:
    """Block while the region is lost. Raises Stopped as `until` does."""
    arns = executions()
    while outage.here():
        with condition:
            if not running(arns):
                raise Stopped
            condition.wait(_LONGEST)


def pause(seconds) -> None:
    """The length of a Wait state, or the interval of a retry."""
    end = clock.now() + seconds
    scaled = not _in_wait_state.get() or seconds < settings.get("wait_scaled_below_seconds")
    until(lambda: end, at=time.monotonic() + seconds * settings.get("wait_scale") if scaled else _FOREVER)


def run_execution(arn):
    """Run it, and note for whom this thread works. One that is stopped from outside takes its children along."""
    token = _executions.set((*_executions.get(), arn))
    try:
        hold()
        _run_execution(arn)
    except Stopped:
        aws._stop_execution({"executionArn": arn, "cause": "The parent execution was stopped."})
    finally:
        _executions.reset(token)
        # Its parent may wait for it.
        wake()


def run_sub_machine(run, *arguments):
    """A branch of a stopped execution just ends."""
    with contextlib.suppress(Stopped):
        return run(*arguments)


def execute_task(state, raw_input, execution, ctx):
    """A stopped execution starts no task any more, whatever its branches were about to do."""
    if not running(executions()):
        raise Stopped
    hold()
    answer = _execute_task(state, raw_input, execution, ctx)
    hold()
    return answer


def execute_pass(state, raw_input, ctx=None):
    """A Pass state."""
    hold()
    return _execute_pass(state, raw_input, ctx)


def execute_choice(state, raw_input, ctx=None):
    """A Choice state."""
    hold()
    return _execute_choice(state, raw_input, ctx)


def execute_wait(state, raw_input, ctx=None):
    """A Wait state, of any kind."""
    hold()
    token = _in_wait_state.set(True)
    try:
        return _execute_wait(state, raw_input, ctx)
    finally:
        _in_wait_state.reset(token)


def stop_execution(request):
    """Stop it, and end its waits."""
    answer = _stop_execution(request)
    wake()
    return answer


def fail_execution(execution, error, cause):
    """What fails after it was stopped stays stopped."""
    if execution["status"] == "RUNNING":
        _fail_execution(execution, error, cause)
