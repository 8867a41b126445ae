"""Schedules: they fire when a test says so, and Scheduler fills in the context attributes of its target's input."""

import json
import uuid

from ministack.core.responses import request_scope
from ministack.services import eventbridge, scheduler

from . import clock, outage, settings

_invoke_target = eventbridge._invoke_target
_tick_rules = eventbridge._tick_scheduled_rules
_tick_schedules = scheduler._tick_schedules


def install() -> None:
    """Hold the background ticks unless they are wanted, and fill in inputs on the way to the target."""
    eventbridge._tick_scheduled_rules = lambda: _tick_rules() if settings.get("native_schedules") else None
    scheduler._tick_schedules = lambda: _tick_schedules() if settings.get("native_schedules") else None
    eventbridge._invoke_target = invoke_target


def fire(name: str, instant: float, region: str | None, parts: list | None = None) -> str:
    """Fire the schedule `name` as if `instant` (epoch seconds) had come, with the field `parts` of its input replaced by these,
    if any. Returns its ARN. In a lost region, none fires.

    Raises LookupError when there is no such schedule, or when several regions have one and none is named.
    """
    account, where, schedule = _find(name, region)
    target = schedule["Target"]
    if parts is not None:
        target = {**target, "Input": json.dumps({**json.loads(target["Input"]), "parts": parts})}
    event = {
        "EventId": str(uuid.uuid4()),
        "Source": "aws.scheduler",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "Time": instant,
        "Resources": [schedule["Arn"]],
        "Account": account,
        "Region": where,
    }
    with request_scope(account, where):
        eventbridge._invoke_target(target, event, schedule)
    return schedule["Arn"]


def invoke_target(target, event, rule, view=None):
    """EventBridge Scheduler user guide, adding context attributes: they are replaced in the target's input."""
    if outage.here():
        return None
    if event.get("Source") == "aws.scheduler" and target.get("Input"):
        target = {**target, "Input": _filled(target["Input"], event)}
    return _invoke_target(target, event, rule, view)


def _filled(text: str, event) -> str:
    # Scheduler writes the scheduled time in whole seconds.
    instant = clock.iso(event["Time"]).split(".")[0] + "Z"
    for attribute, value in {
        "schedule-arn": event["Resources"][0],
        "scheduled-time": instant,
        "execution-id": event["EventId"],
        "attempt-number": "1",
    }.items():
        text = text.replace(f"<aws.scheduler.{attribute}>", value)
    return text


def _find(name, region):
    wanted = name if "/" in name else f"default/{name}"
    found = [
        (account, where, schedule)
        for (account, where, key), schedule in list(scheduler._schedules._data.items())
        if key == wanted and region in (None, where)
    ]
    if len(found) == 1:
        return found[0]
    known = ", ".join(sorted(f"{where}:{key}" for _, where, key in list(scheduler._schedules._data)))
    problem = "no such schedule" if not found else "several regions have that schedule: name one"
    raise LookupError(f"schedule `{wanted}`: {problem}; there are: {known or 'none'}")
