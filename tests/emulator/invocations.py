"""Asynchronous invocations of Lambda functions: who may invoke, two more tries after an error, and the failure record.

Lambda developer guide, "Invoking a Lambda function asynchronously" and "Capturing records of asynchronous invocations".
AWS waits one minute before the second try and two before the third: here it is the setting `lambda_retry_seconds`.
"""

import contextvars
import fnmatch
import json
import logging
import threading
import time

from ministack.core.responses import get_account_id, new_uuid
from ministack.services import lambda_svc as aws
from ministack.services import sns

from . import clock, queues, settings
from .iam.services import may_send

_RETRIES = 2
_EVENT_AGE = 6 * 3600  # seconds that an event may wait
_log = logging.getLogger(__name__)


class Unreachable(Exception):
    """A function that cannot be invoked."""


def install() -> None:
    """Replace ministack's retries, and its deliveries from SNS, which has none."""
    aws.invoke_async_with_retry = _begin
    sns._deliver_to_lambda = deliver_from_sns


def obstacle(arn: str, principal: str | None, source: str | None):
    """Why `principal`, acting for the resource `source`, cannot invoke a function: EventBridge's code, and a sentence.

    None when it can. Callers with a role of their own have no principal: a function's policy is for the others.
    """
    function, config, name = aws._get_func_record_for_ref(arn)
    if not function or not config:
        return "NO_RESOURCE", f"function {name} does not exist"
    if principal and not _permitted(function, principal, source):
        return "NO_PERMISSIONS", f"the policy of function {name} does not let {principal} invoke it"
    return None


def invoke(arn: str, event, principal: str | None = None, source: str | None = None) -> None:
    """Queue an event for a function. Raises Unreachable with the sentence of `obstacle`."""
    problem = obstacle(arn, principal, source)
    if problem:
        raise Unreachable(problem[1])
    function, config, _ = aws._get_func_record_for_ref(arn)
    _begin(aws._execution_record_for_config(function, config), event)


def deliver_from_sns(endpoint, envelope, topic_arn, subscription_arn, _message_id, _message, _attributes):
    """A notification is an asynchronous invocation as any other."""
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription_arn,
        "Sns": json.loads(envelope),
    }
    try:
        invoke(endpoint, {"Records": [record]}, "sns.amazonaws.com", topic_arn)
    except Unreachable as problem:
        _log.warning("SNS topic %s: %s", topic_arn, problem)


def _begin(function, event) -> None:
    # Each event has a thread of its own: it spends its time waiting, and a slow function must not hold up others.
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_try, function, event), name="invocation", daemon=True).start()


def _try(function, event) -> None:
    config = function.get("config") or function
    asked = _asked(function)
    may_send(config, ((asked.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination"))
    expires = clock.now() + asked.get("MaximumEventAgeInSeconds", _EVENT_AGE)
    tries = 0
    while True:
        result = aws._execute_function_with_config_scope(function, event)
        if not result.get("error"):
            return
        # A throttled event is not a try; it waits until it is too old.
        tries += 0 if result.get("throttle") else 1
        if tries > asked.get("MaximumRetryAttempts", _RETRIES):
            return _give_up(config, asked, event, result, "RetriesExhausted", tries)
        time.sleep(settings.get("lambda_retry_seconds"))
        if clock.now() > expires:
            return _give_up(config, asked, event, result, "EventAgeExceeded", tries)


def _give_up(config, asked, event, result, condition, tries) -> None:
    name, request = config["FunctionName"], new_uuid()
    body = result.get("body")
    _log.warning("function %s failed for good after %d tries: %s", name, tries, json.dumps(body, default=str)[:500])
    destination = ((asked.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if destination:
        version = config.get("Version") or "$LATEST"
        record = {
            "version": "1.0",
            "timestamp": clock.iso(clock.now()),
            "requestContext": {
                "requestId": request,
                "functionArn": f"{aws._func_arn(name)}:{version}",
                "condition": condition,
                "approximateInvokeCount": tries,
            },
            "requestPayload": event,
            "responseContext": {
                "statusCode": 200,
                "executedVersion": version,
                "functionError": result.get("function_error") or "Unhandled",
            },
            "responsePayload": body,
        }
        _send(name, destination, json.dumps(record))
    letters = (config.get("DeadLetterConfig") or {}).get("TargetArn")
    if letters:
        # A dead letter is the event itself, and what happened stands in its attributes.
        message = body.get("errorMessage", "") if isinstance(body, dict) else str(body)
        attributes = {"RequestID": request, "ErrorCode": "200", "ErrorMessage": message[:1024] or "unknown"}
        _send(name, letters, json.dumps(event), attributes)


def _send(name, arn, text, attributes=None) -> None:
    service = arn.split(":")[2]
    if service == "sqs" and queues.put(arn, text, attributes):
        return
    if service == "sns":
        return sns._fanout(arn, new_uuid(), text, "")
    if service == "lambda":
        return invoke(arn, json.loads(text))
    _log.error("function %s: what failed could not be sent to %s", name, arn)


def _asked(function) -> dict:
    configs = function.get("event_invoke_configs") or {}
    return configs.get("") or configs.get("$LATEST") or next(iter(configs.values()), {})


def _permitted(function, principal, source) -> bool:
    statements = (function.get("policy") or {}).get("Statement", [])
    return any(_allows(statement, principal, source) for statement in statements)


def _allows(statement, principal, source) -> bool:
    who = statement.get("Principal")
    service = who.get("Service") if isinstance(who, dict) else who
    actions = statement.get("Action")
    actions = actions if isinstance(actions, list) else [actions]
    if statement.get("Effect") != "Allow" or service not in ("*", principal):
        return False
    if not any(action in ("lambda:InvokeFunction", "lambda:*", "*") for action in actions):
        return False
    return all(
        _meets(key, patterns, source)
        for conditions in (statement.get("Condition") or {}).values()
        for key, patterns in conditions.items()
    )


def _meets(key, patterns, source) -> bool:
    patterns = patterns if isinstance(patterns, list) else [patterns]
    known = {"aws:sourcearn": source or "", "aws:sourceaccount": get_account_id()}
    # Other keys are of no concern to the sandbox.
    found = known.get(key.lower())
    return found is None or any(fnmatch.fnmatchcase(found, pattern) for pattern in patterns)
