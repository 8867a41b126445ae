"""The state of an alarm: one way to change it, whoever asks. Only a change of value is an event and an action."""

import json

from ministack.services import cloudwatch as aws

from .. import clock
from . import actions, messages

VALUES = ("OK", "ALARM", "INSUFFICIENT_DATA")
_REASON_LIMIT = 1023  # characters; CloudWatch API reference, SetAlarmState
_LISTENERS = []


def install() -> None:
    """Replace SetAlarmState and the transitions of composite alarms."""
    aws._set_alarm_state = set_alarm_state
    aws._transition_composite = transition_composite


def on_set(listener) -> None:
    """Call `listener(alarm)` after a SetAlarmState."""
    _LISTENERS.append(listener)


def set_alarm_state(params, request, is_cbor, is_json=False):
    """Move an alarm by hand. To the state that it is in already, it only renews the reason."""
    name, value = request.get("AlarmName", ""), request.get("StateValue")
    alarm = aws._alarms.get(name) or aws._composite_alarms.get(name)
    data = request.get("StateReasonData")
    if value not in VALUES:
        text = f"1 validation error detected: Value '{value}' at 'stateValue' failed to satisfy constraint: "
        return _refused("ValidationError", f"{text}Member must satisfy enum value set: {list(VALUES)}", is_cbor)
    if request.get("StateReason") is None or len(request["StateReason"]) > _REASON_LIMIT:
        return _refused("ValidationError", "1 validation error detected: 'stateReason' is missing or too long", is_cbor)
    if data and not _is_json(data):
        return _refused("InvalidFormat", "StateReasonData is not valid JSON", is_cbor)
    if alarm is None:
        return _refused("ResourceNotFound", f"Alarm {name} not found", is_cbor, 404)
    transition(alarm, value, request["StateReason"], data)
    for listener in _LISTENERS:
        listener(alarm)
    return aws._cbor_ok({}) if is_cbor else aws._json_ok({})


def transition(alarm, value, reason, reason_data=None, seen=frozenset()) -> None:
    """Move `alarm`. Its parents look at their rules afterwards, except those in `seen`."""
    previous = messages.state(alarm)
    now = clock.now()
    alarm.update(StateValue=value, StateReason=reason, StateUpdatedTimestamp=now)
    alarm.pop("StateReasonData", None)
    if reason_data:
        alarm["StateReasonData"] = reason_data
    if value == previous["value"]:
        return
    alarm["StateTransitionedTimestamp"] = now
    aws._composite_triggers.pop(alarm["AlarmName"], None)
    kind = "CompositeAlarm" if "AlarmRule" in alarm else "MetricAlarm"
    data = json.loads(reason_data) if reason_data else None
    aws._record_history(alarm["AlarmName"], previous["value"], value, reason, kind, data)
    actions.take(alarm, previous)
    aws._evaluate_parent_alarms(alarm, seen)


def transition_composite(alarm, value, reason, triggers, seen=frozenset()):
    """Move a composite alarm, and name the children that made it move."""
    if isinstance(alarm["StateUpdatedTimestamp"], int):
        # It was made in this instant, and ministack noted whole seconds.
        alarm["StateUpdatedTimestamp"] = clock.now()
    children = [aws._alarms.get(name) or aws._composite_alarms.get(name) for name in triggers]
    triggering = [
        {"arn": child["AlarmArn"], "state": {key: messages.state(child)[key] for key in ("value", "timestamp")}}
        for child in children
        if child
    ]
    transition(alarm, value, reason, json.dumps({"triggeringAlarms": triggering}, separators=(",", ":")), seen)


def _is_json(text) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _refused(code, message, is_cbor, status=400):
    return aws._error(code, message, status, use_json=not is_cbor, use_cbor=is_cbor)
