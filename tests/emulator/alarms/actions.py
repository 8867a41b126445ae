"""What follows a transition: the event, always, and the actions of the new state, when they are enabled."""

import json
import logging

from ministack.core.responses import new_uuid
from ministack.services import eventbridge, sns

from .. import invocations
from . import messages, mutes

_ACTIONS = {"OK": "OKActions", "ALARM": "AlarmActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
_log = logging.getLogger(__name__)


def take(alarm, previous) -> None:
    """Put the event on the default bus, and do what the alarm asks for in its new state."""
    entry = {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Detail": json.dumps(messages.detail(alarm, previous)),
        "Resources": [alarm["AlarmArn"]],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    if not alarm.get("ActionsEnabled", True) or mutes.is_muted(alarm["AlarmName"]):
        return
    for action in alarm.get(_ACTIONS[alarm["StateValue"]]) or []:
        _act(action, alarm, previous)


def _act(action, alarm, previous) -> None:
    service = action.split(":")[2] if action.count(":") >= 5 else ""
    if service == "sns":
        subject, message = messages.notification(alarm, previous)
        sns._fanout(action, new_uuid(), message, subject)
    elif service == "lambda":
        try:
            payload = messages.lambda_payload(alarm, previous)
            invocations.invoke(action, payload, "lambda.alarms.cloudwatch.amazonaws.com", alarm["AlarmArn"])
        except invocations.Unreachable as problem:
            _log.warning("alarm %s: action %s: %s", alarm["AlarmName"], action, problem)
    else:
        _log.warning("alarm %s: the sandbox does not take actions like %s", alarm["AlarmName"], action)
