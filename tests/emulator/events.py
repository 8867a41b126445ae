"""EventBridge: dead letters of targets that cannot be invoked, duplicates, and events exactly as a test wrote them.

EventBridge user guide, "Using dead-letter queues to process undelivered events": a missing target or permission is not
retried.
"""

import json
import logging

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import get_account_id, get_region, new_uuid, request_scope
from ministack.services import eventbridge as aws
from ministack.services import sns, sqs, stepfunctions

from . import clock, invocations, outage, queues, settings

_PRINCIPAL = "events.amazonaws.com"
_GIVEN = ("source", "detail-type", "detail")  # what a test's event must have
_log = logging.getLogger(__name__)

_dispatch_event = aws._dispatch_event
_inner = {}


def install() -> None:
    """Replace the deliveries. To be called after `schedules`, whose part comes behind ours."""
    _inner["invoke_target"] = aws._invoke_target
    aws._invoke_target = invoke_target
    aws._dispatch_event = dispatch_event
    aws._dispatch_to_lambda = deliver_to_lambda


def post(event: dict) -> str:
    """Put `event`, in the form in which targets get it, on the default bus of its region; return its id.

    Id, time, region and account are made up where they are missing. Raises ValueError with the field that is wrong.
    """
    for field in _GIVEN:
        if field not in event:
            raise ValueError(f"field `{field}`: missing, expected an event as rules see it")
    if not isinstance(event["detail"], dict):
        raise ValueError(f"field `detail`: found {event['detail']!r}, expected an object")
    account, region = event.get("account") or get_account_id(), event.get("region") or get_region()
    record = {
        "Version": event.get("version", "0"),
        "EventId": event.get("id") or new_uuid(),
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "EventBusName": "default",
        "Time": event.get("time") or clock.iso(clock.now()).split(".")[0] + "Z",
        "Resources": event.get("resources", []),
        "Account": account,
        "Region": region,
    }
    with request_scope(account, region):
        aws._events_log_list().append(record)
        aws._dispatch_event(record)
    return record["EventId"]


def dispatch_event(event, view=None):
    """To the targets of all rules that match; twice, when a test wants to see what becomes of duplicates.

    In a region that is lost, there is nobody to match rules: the event is gone.
    """
    if outage.here():
        return
    for _ in range(2 if settings.get("duplicate_events") else 1):
        _dispatch_event(event, view)


def invoke_target(target, event, rule, view=None):
    """Deliver, or put the event into the target's dead-letter queue."""
    scheduled = event.get("Source") == "aws.scheduler"
    # Scheduler calls with a role, and rules call functions by the leave of the function's own policy.
    rule_arn = None if scheduled else rule.get("Arn")
    problem = _problem(target.get("Arn", ""), rule_arn)
    if problem is None:
        return _inner["invoke_target"](target, event, rule, view)
    code, message = problem
    _log.warning("EventBridge: %s not delivered: %s", target.get("Arn"), message)
    letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    if letters:
        body = json.dumps((view or aws._pattern_event_view(event)).event_with_detail())
        attributes = {"ERROR_CODE": code, "ERROR_MESSAGE": message, "TARGET_ARN": target["Arn"]}
        if rule_arn:
            attributes["RULE_ARN"] = rule_arn
        # Scheduler's dead letter is the input, which has no envelope.
        if not queues.put(letters, target.get("Input") or body if scheduled else body, attributes):
            _log.error("EventBridge: dead-letter queue %s does not exist", letters)
    return None


def _problem(arn, rule_arn):
    """Why a target cannot be invoked at all: EventBridge's code, and a sentence. None when it can."""
    try:
        spec = parse_arn(arn)
    except ArnParseError:
        return "INVALID_PARAMETER", f"{arn!r} is no ARN"
    if spec.service == "lambda":
        return invocations.obstacle(arn, rule_arn and _PRINCIPAL, rule_arn)
    exists = {
        "sqs": lambda: sqs._queue_by_arn(arn),
        "sns": lambda: sns._topic_by_arn_any_scope(arn),
        "states": lambda: stepfunctions._resolve_state_machine_arn(arn),
    }.get(spec.service)
    if exists is None or exists():
        return None
    return "NO_RESOURCE", f"{arn} does not exist"


def deliver_to_lambda(arn, payload):
    """From a rule or a schedule to a function, which was found reachable."""
    invocations.invoke(arn, json.loads(payload))
