"""Condition keys that a request has: its tags, and of DynamoDB the partitions that it touches."""

import re

from ministack.services import dynamodb

from .. import autoscaling

ITEMS = (
    "BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "TransactGetItems",
    "TransactWriteItems", "UpdateItem",
)
# Its parts need the rights of the operations that they are (Amazon DynamoDB developer guide, "Using IAM with transactions").
_TRANSACTION = {"ConditionCheck": "ConditionCheckItem", "Delete": "DeleteItem", "Get": "GetItem", "Put": "PutItem", "Update": "UpdateItem"}


def of_request(prefix: str, members: dict) -> dict:
    """The tags in a request."""
    if prefix == "s3":
        return {}
    found = members.get("Tags") or members.get("tags") or members.get("RecoveryPointTags")
    if isinstance(found, list):
        found = {tag.get("Key", tag.get("key")): tag.get("Value", tag.get("value", "")) for tag in found}
    if not found:
        return {}
    return {**{f"aws:RequestTag/{key}": value for key, value in found.items()}, "aws:TagKeys": sorted(found)}


def scalable_target(members: dict) -> str | None:
    """The ARN of a scalable target that exists."""
    for target in autoscaling._targets.values():
        if all(target[name] == members.get(name) for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")):
            return target["ScalableTargetARN"]
    return None


def parts(operation: str, members: dict):
    """Action and request of each part of a call on items."""
    if operation in ("TransactWriteItems", "TransactGetItems"):
        for item in members.get("TransactItems", []):
            for name, request in item.items():
                yield _TRANSACTION[name], request
    elif operation == "BatchGetItem":
        for table, asked in members.get("RequestItems", {}).items():
            yield operation, {"TableName": table, "Keys": asked.get("Keys", [])}
    elif operation == "BatchWriteItem":
        for table, asked in members.get("RequestItems", {}).items():
            yield operation, {"TableName": table, "Writes": asked}
    else:
        yield operation, members


def leading(action: str, request: dict) -> list:
    """The values of the partition key, as `dynamodb:LeadingKeys` has them; none for a scan."""
    name = _partition_key(request)
    if name is None or action == "Scan":
        return []
    if action == "Query":
        return _queried(name, request)
    writes = request.get("Writes", [])
    items = [*request.get("Keys", []), request.get("Key"), request.get("Item")]
    items += [(write.get("PutRequest") or {}).get("Item") or (write.get("DeleteRequest") or {}).get("Key") for write in writes]
    return sorted({_text(item[name]) for item in items if item and name in item})


def _partition_key(request) -> str | None:
    table = dynamodb._tables.get(request["TableName"].rsplit("/", 1)[-1])
    if table is None:
        return None
    index = request.get("IndexName")
    if index:
        indexes = (table.get("GlobalSecondaryIndexes") or []) + (table.get("LocalSecondaryIndexes") or [])
        schema = next((it["KeySchema"] for it in indexes if it["IndexName"] == index), [])
        return next((key["AttributeName"] for key in schema if key["KeyType"] == "HASH"), None)
    return table["pk_name"]


def _queried(name, request) -> list:
    aliases = {alias: real for alias, real in (request.get("ExpressionAttributeNames") or {}).items()}
    for left, value in re.findall(r"([#\w.-]+)\s*=\s*(:\w+)", request.get("KeyConditionExpression", "")):
        if aliases.get(left, left) == name:
            return [_text(request["ExpressionAttributeValues"][value])]
    return []


def _text(value) -> str:
    return str(next(iter(value.values())))
