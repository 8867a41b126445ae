"""Messages that AWS itself puts into SQS queues: dead letters, and records of what failed; and whose letters a queue has."""

import json

from ministack.core.concurrency import esm_wake
from ministack.core.responses import new_uuid
from ministack.services import sqs

from . import clock, settings

_receive = sqs._HANDLERS["ReceiveMessage"]


def install() -> None:
    """Add what ministack does not know."""
    sqs._HANDLERS["ListDeadLetterSourceQueues"] = list_sources
    sqs._HANDLERS["ReceiveMessage"] = receive


async def receive(request: dict, url: str) -> dict:
    """A long poll of an empty queue waits as long as a Wait state of so many seconds does (`wait_scale`)."""
    wait = request.get("WaitTimeSeconds")
    scaled = {} if wait is None else {"WaitTimeSeconds": int(int(wait) * settings.get("wait_scale"))}
    return await _receive({**request, **scaled}, url)


def list_sources(request: dict, url: str) -> dict:
    """The queues whose redrive policy names this one (Amazon SQS API reference, ListDeadLetterSourceQueues)."""
    arn = sqs._get_q(request.get("QueueUrl", url))["attributes"]["QueueArn"]
    names = lambda queue: json.loads(queue["attributes"].get("RedrivePolicy") or "{}").get("deadLetterTargetArn") == arn
    return {"queueUrls": sorted(source for source, queue in sqs._queues.items() if names(queue))}


def put(arn: str, body: str, attributes: dict | None = None) -> bool:
    """Put a message with text attributes into the queue `arn`. False when there is no such queue."""
    queue = sqs._queue_by_arn(arn)
    if queue is None:
        return False
    typed = {name: {"DataType": "String", "StringValue": str(value)} for name, value in (attributes or {}).items()}
    now = clock.now()
    message = {
        "id": new_uuid(),
        "body": body,
        "message_attributes": typed,
        "md5_attrs": sqs._md5_msg_attrs(typed) if typed else None,
        "sent_at": now,
        "visible_at": now + sqs.queue_delay(queue),
    }
    sqs._ensure_msg_fields(message)
    queue["messages"].append(message)
    esm_wake.set()
    return True
