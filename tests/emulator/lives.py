"""The longest lives of the machines, played by the interpreter at once: `python -m emulator.lives`.

Whoever answers a machine's calls says "not yet" for ever. Each machine has to end by its own words before its history has
25,000 events (AWS Step Functions, quotas), where it would end without any. Prints machine, story, status, error and events.
"""

import concurrent.futures
import functools
import itertools
import json
import pathlib
import re
import sys

from . import clock

clock.install()

from ministack.services import stepfunctions as aws  # noqa: E402  (the clock first)

from . import expressions, interpreter, task_tokens  # noqa: E402

_FOLDER = pathlib.Path(__file__).parents[2] / "statemachines"
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
# Room for what an operator's own repetitions add: some calls are tried again.
_ENOUGH = 24_000

# Attempts of a task that Retry makes in all, as every task of ours has it.
_TRIES = 5


def _failure(error, cause):
    """What a task is told that fails."""
    return lambda: aws._ExecutionError(error, cause)


_RUN = {"estate": "clos-v2", "environment": "prod", "region": "us-east-1", "id": "r", "generation": 1}
# What every step is answered, whatever follows.
_SAYS = {
    "run": _RUN, "then": "again", "step": None, "wait_seconds": 0, "child": None, "request": {}, "why": "", "plan": "",
    "answer_seconds": 60, "outcome": None, "error": None, "summary": "not yet", "tell": None, "asks": [], "blocked": [],
    "writes": 1, "told": [],
}
_DONE = {**_SAYS, "then": "done", "outcome": "done"}
_FAILED = {**_SAYS, "then": "failed", "outcome": "failed"}
_EMERGENCY = {**_SAYS, "holds": True, "profile": "surge", "what": "surge"}
_APPLIED = {**_EMERGENCY, "then": "child", "child": "-apply"}
_MOVE = {**_SAYS, "phase": "promote", "what": "failover", "ending": None, "rto_ms": None}

_REFUSED = {"Error": "Guardrail.Refused", "Cause": "the halt switch is on", "Status": "FAILED"}
_HELD = {**_EMERGENCY, "wait_seconds": 60}
_LEFT = {**_EMERGENCY, "then": "child", "child": "-back"}
_COPY = {**_SAYS, "step": "job", "wait_seconds": 15}
_VERIFY = {**_SAYS, "step": "verify", "wait_seconds": 3}
_RESTORE = {**_SAYS, "source": "aurora:clos-v2-db-cluster"}

# Machine, story, seconds that a call takes, and what each task is told: an answer or a failure, or a list of (times, answer), of
# which the last one holds for ever. A task that is not named is told the first answer.
_STORIES = (
    ("reconcile", "verifies for ever", 0.2, {
        "Begin": {**_SAYS, "step": "apply"}, "Apply": _VERIFY, "Verify": _VERIFY,
        "Finish": {**_FAILED, "error": "Run.Unverified"},
    }),
    ("emergency-scale", "holds for ever", 1, {
        "Decide": _APPLIED, "Apply": _DONE,
        "Hold": _HELD,
    }),
    ("emergency-scale", "cannot give back for ever", 1, {
        "Decide": _APPLIED, "Apply": _DONE,
        "Hold": _LEFT, "GiveBack": _failure("States.TaskFailed", json.dumps(_REFUSED)),
    }),
    ("emergency-scale", "holds for a week, is not looked at for hours, and cannot give back", 1, {
        "Decide": _APPLIED, "Apply": _DONE,
        "Hold": [(1500, _HELD), (290 * _TRIES, _failure("Aws.Unavailable", "no answer")), (1, _LEFT)],
        "GiveBack": _failure("States.TaskFailed", json.dumps(_REFUSED)),
    }),
    ("failover", "starts children for ever", 20, {
        "Advance": {**_MOVE, "then": "child", "child": "-c"}, "Child": _DONE,
    }),
    ("failback", "is never ready", 0.5, {"Ready": {**_SAYS, "wait_seconds": 15}}),
    ("backup", "waits for eight copies for ever", 1, {
        "Begin": {**_SAYS, "jobs": list(range(8))}, "Job": _COPY, "Finish": {**_DONE, "outcome": "waiting"},
    }),
    ("backup", "fails at eight for ever", 1, {
        "Begin": {**_SAYS, "jobs": list(range(8))}, "Job": _failure("Aws.Unavailable", "no answer"),
        "Finish": _FAILED,
    }),
    ("restore-drill", "waits for ever", 1, {
        "Begin": _RESTORE, "Restore": _COPY, "Finish": {**_FAILED, "evidence": {}},
    }),
    ("restore-drill", "fails for ever", 1, {
        "Begin": _RESTORE, "Restore": _failure("Aws.Unavailable", "no answer"),
        "Finish": {**_FAILED, "evidence": {}},
    }),
    ("daily-unblock", "works for ever", 1, {
        "Begin": {**_SAYS, "step": "work"}, "Work": {**_SAYS, "step": "work"}, "Report": _DONE,
    }),
)


def main() -> int:
    """The exit code is 1 when a life is too long, or ends in an error of the machine itself."""
    task_tokens.install()
    interpreter.install()
    expressions.mute()
    aws._scaled_sleep = lambda seconds: clock.set_now(clock.now() + seconds)
    # One thread, and the same expressions again and again. The time limit of an engine begins when it is made.
    engine = functools.cache(aws.jsonata.Jsonata.jsonata)
    aws.jsonata.Jsonata.jsonata = lambda expression, timeout=None: engine(expression)
    aws._emit_execution_status_event = lambda _execution: None
    # The items of a Map one after the other: the time is that of all, and the events are as many.
    aws.ThreadPoolExecutor = lambda max_workers: concurrent.futures.ThreadPoolExecutor(1)
    bad = 0
    for machine, story, seconds, answers in _STORIES:
        ended = _play(machine, seconds, answers)
        events = len(ended["events"])
        odd = events > _ENOUGH or str(ended.get("error")).startswith("States.")
        bad += odd
        why = ended.get("cause") or "" if odd else ""
        print(f"{machine} {story}: {ended['status']} {ended.get('error') or ''}, {events} events{': TOO MUCH ' if odd else ''}{why}")
    return 1 if bad else 0


def _play(machine, seconds, answers):
    text = (_FOLDER / f"{machine}.asl.json").read_text()
    began = clock.now()
    limit = json.loads(text)["TimeoutSeconds"]
    arn = f"arn:aws:states:us-east-1:123456789012:stateMachine:{machine}"
    name = arn.replace("stateMachine", "execution") + ":life"
    aws._state_machines[arn] = {"definition": re.sub(r"\$\{\w+\}", _ARN, text), "name": machine, "roleArn": "r"}
    execution = {
        "executionArn": name, "stateMachineArn": arn, "name": "life", "status": "RUNNING", "startDate": clock.iso(began),
        "stopDate": None, "input": json.dumps({"estate": "clos-v2", "environment": "prod"}), "output": None, "events": [],
    }
    aws._executions[name] = execution
    told = {state: _in_turn(those) for state, those in answers.items()}
    first = next(iter(told))

    def answer(resource, _arguments, *_more):
        if clock.now() - began > limit:
            raise aws._ExecutionError("States.Timeout", "the machine's own time is over")
        clock.set_now(clock.now() + seconds)
        state = next(event for event in reversed(execution["events"]) if event["type"] == "TaskStateEntered")
        this = next(told.get(state["stateEnteredEventDetails"]["name"], told[first]))
        if callable(this):
            raise this()
        return {"Output": this, "Status": "SUCCEEDED"} if "startExecution" in resource else {"StatusCode": 200, "Payload": this}

    aws._invoke_resource = answer
    aws._invoke_resource_with_timeout = answer
    aws._invoke_with_callback = answer
    aws._run_execution(name)
    return execution


def _in_turn(answers):
    """One answer after the other, and the last one for ever."""
    listed = answers if isinstance(answers, list) else [(1, answers)]
    for times, this in listed:
        yield from itertools.repeat(this, times)
    yield from itertools.repeat(listed[-1][1])


if __name__ == "__main__":
    sys.exit(main())
