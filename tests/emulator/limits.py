"""What AWS refuses though its models do not say so in rules, each with its source.

Most of them are words in the models: "API" stands for the description of that member in the service's API reference,
which botocore carries too.
"""

import json
import re

from ministack.services import sqs

_KIB = 1024
# RDS and ElastiCache, API: letters, numbers, or hyphens; a letter first; no hyphen last, and no two of them together.
_IDENTIFIER = re.compile(r"[A-Za-z](-?[A-Za-z0-9])*")
_TOPIC = re.compile(r"(?=.{1,256}$)[A-Za-z0-9_-]+(\.fifo)?")
# Step Functions, StartExecution, API: `name`.
_NO_NAME = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")
# Tagging guide of AWS, and SAR of each service: letters, numbers and spaces of UTF-8, and these signs.
_TAG = re.compile(r"[\w\s_.:/=+\-@]*")
# SNS, Publish, API: `Subject`.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def problems(service: str, operation: str, members: dict) -> list:
    """What is wrong with a request that fits its model, one line each."""
    found = []
    for (its, operations), member, rule in _RULES:
        if its == service and operation in operations and members.get(member) is not None:
            found += rule(member, members[member]) or ()
    for member, check in _WHOLE.get((service, operation), ()):
        found += check(member, members) or ()
    tags = members.get("Tags") or members.get("tags")
    if isinstance(tags, list):
        found += _tags(tags)
    return found


def _identifier(most):
    def rule(member, value):
        if len(value) > most:
            yield f"{member}: {len(value)} characters, at most {most} are allowed: {value}"
        if not _IDENTIFIER.fullmatch(value):
            yield f"{member}: {value} is not a valid identifier: letters, numbers and hyphens, a letter first, no hyphen last or twice"

    return rule


def _at_most(most):
    def rule(member, value):
        if len(value) > most:
            yield f"{member}: {len(value)}, at most {most} are allowed"

    return rule


def _between(least, most):
    def rule(member, value):
        if not least <= value <= most:
            yield f"{member}: {value}, expected {least} to {most}"

    return rule


def _bytes(most):
    def rule(member, value):
        size = len(value.encode() if isinstance(value, str) else json.dumps(value).encode())
        if size > most:
            yield f"{member}: {size} bytes, at most {most} are allowed"

    return rule


def _execution_name(member, value):
    if _NO_NAME.search(value):
        yield f"{member}: Invalid Name: '{value}'"


def _subject(member, value):
    if not 0 < len(value) < 100 or _CONTROL.search(value):
        yield f"Invalid parameter: {member}: less than 100 characters, no line breaks or control characters; found {value!r}"


def _topic_name(member, value):
    """SNS, CreateTopic, API: the characters and the length of a name."""
    if not _TOPIC.fullmatch(value):
        yield f"Invalid parameter: Topic Name: 1 to 256 ASCII letters, digits, underscores and hyphens, or .fifo at the end; {member} {value}"


def _fifo_queue(_, members):
    """SQS, SendMessage, API: the one id is for FIFO queues only, the other is needed there."""
    url = members.get("QueueUrl", "")
    for entry in members.get("Entries") or [members]:
        if url.endswith(".fifo"):
            queue = sqs._queues.get(url) or {}
            by_content = (queue.get("attributes") or {}).get("ContentBasedDeduplication") == "true"
            if not entry.get("MessageGroupId"):
                yield "The request must contain the parameter MessageGroupId."
            if not entry.get("MessageDeduplicationId") and not by_content:
                yield "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
            if entry.get("DelaySeconds"):
                yield "DelaySeconds: a FIFO queue takes it as its own attribute only"
        elif entry.get("MessageDeduplicationId"):
            value = entry["MessageDeduplicationId"]
            yield f"Value {value} for parameter MessageDeduplicationId is invalid. Reason: The request includes a parameter that is not valid for this queue type."


def _fifo_topic(_, members):
    """SNS, Publish, API: `MessageDeduplicationId`."""
    if members.get("MessageDeduplicationId") and not members.get("TopicArn", "").endswith(".fifo"):
        yield "Invalid parameter: MessageDeduplicationId: applies to FIFO topics only"


def _distinct(key):
    def rule(member, members):
        values = [entry.get(key) for entry in members.get(member) or ()]
        if len(values) != len(set(values)):
            yield f"{member}: two entries have the same {key}"

    return rule


def _distinct_keys(_, members):
    """DynamoDB, BatchGetItem, API: two equal keys are refused."""
    for table, asked in (members.get("RequestItems") or {}).items():
        keys = [json.dumps(key, sort_keys=True, default=str) for key in asked.get("Keys") or ()]
        if len(keys) != len(set(keys)):
            yield f"Provided list of item keys contains duplicates: {table}"


def _event_sizes(member, members):
    """EventBridge user guide, size of an event entry: all entries of a call together below 256 KB."""
    size = sum(len(entry.get(name, "").encode()) for entry in members.get(member) or () for name in ("Source", "DetailType", "Detail"))
    if size >= 256 * _KIB:
        yield f"Total size of the entries in the request is over the limit: {size} bytes"


def _bounds(_, members):
    """Application Auto Scaling, RegisterScalableTarget, API: `MinCapacity` and `MaxCapacity`."""
    least, most = members.get("MinCapacity"), members.get("MaxCapacity")
    if least is not None and most is not None and least > most:
        yield "Maximum capacity cannot be less than minimum capacity"
    if min(least or 0, most or 0) < 0:
        yield "Capacity must not be below 0"


def _changes(_, members):
    """Route 53 developer guide, quotas on API requests: 1,000 records; an UPSERT counts twice."""
    changes = members["ChangeBatch"].get("Changes") or ()
    records = sum(
        (2 if change.get("Action") == "UPSERT" else 1) * max(1, len(change.get("ResourceRecordSet", {}).get("ResourceRecords") or ()))
        for change in changes
    )
    if records > 1000:
        yield f"Number of records limit of 1000 exceeded: {records}"


def _s3_tagging(member, members):
    """S3 user guide, object tags: ten of an object, keys of 128 and values of 256 characters."""
    tags = re.split("&", members.get(member) or "")
    if len(tags) > 10:
        yield f"Object tags cannot be greater than 10: {len(tags)}"


def _lifecycle(member, members):
    """AWS Backup, StartBackupJob, API: deleted no sooner than 90 days after the move to cold storage."""
    lifecycle = members.get(member) or {}
    cold, end = lifecycle.get("MoveToColdStorageAfterDays"), lifecycle.get("DeleteAfterDays")
    if cold is not None and end is not None and 0 <= end < cold + 90:
        yield "DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays"


def _tags(tags):
    for tag in tags:
        lower = {name.lower(): text for name, text in tag.items()} if isinstance(tag, dict) else {}
        for name, most in (("key", 128), ("value", 256)):
            text = lower.get(name) or ""
            if len(text) > most or not _TAG.fullmatch(text):
                yield f"Tags: the {name} {text!r} has more than {most} characters, or such as no tag may have"
        if (lower.get("key") or "").lower().startswith("aws:"):
            yield f"Tags: {lower['key']}: the prefix aws: is kept for AWS"


_ECS = "ecs"
_RULES = (
    # ECS, API.
    ((_ECS, ("DescribeServices",)), "services", _at_most(10)),
    ((_ECS, ("DescribeTasks",)), "tasks", _at_most(100)),
    ((_ECS, ("DescribeClusters",)), "clusters", _at_most(100)),
    ((_ECS, ("DescribeServiceDeployments",)), "serviceDeploymentArns", _at_most(20)),
    ((_ECS, ("DescribeServiceRevisions",)), "serviceRevisionArns", _at_most(20)),
    ((_ECS, ("ListServices", "ListTasks", "ListServiceDeployments", "ListClusters")), "maxResults", _between(1, 100)),
    ((_ECS, ("UpdateService", "CreateService")), "desiredCount", _between(0, 5000)),
    # RDS, API.
    (("rds", ("CreateDBClusterSnapshot",)), "DBClusterSnapshotIdentifier", _identifier(63)),
    (("rds", ("CopyDBClusterSnapshot",)), "TargetDBClusterSnapshotIdentifier", _identifier(63)),
    (("rds", ("CreateDBSnapshot",)), "DBSnapshotIdentifier", _identifier(255)),
    (("rds", ("CopyDBSnapshot",)), "TargetDBSnapshotIdentifier", _identifier(255)),
    (("rds", ("CreateDBInstance", "RestoreDBInstanceFromDBSnapshot")), "DBInstanceIdentifier", _identifier(63)),
    (("rds", ("RestoreDBInstanceToPointInTime",)), "TargetDBInstanceIdentifier", _identifier(63)),
    (
        ("rds", ("CreateDBCluster", "RestoreDBClusterFromSnapshot", "RestoreDBClusterToPointInTime")),
        "DBClusterIdentifier",
        _identifier(63),
    ),
    (
        ("rds", ("DescribeDBInstances", "DescribeDBClusters", "DescribeDBSnapshots", "DescribeDBClusterSnapshots", "DescribeGlobalClusters")),
        "MaxRecords",
        _between(20, 100),
    ),
    # ElastiCache, API.
    (("elasticache", ("CreateReplicationGroup",)), "ReplicationGroupId", _identifier(40)),
    (("elasticache", ("DescribeSnapshots",)), "MaxRecords", _between(20, 50)),
    (("elasticache", ("DescribeReplicationGroups",)), "MaxRecords", _between(20, 100)),
    # SQS, API.
    (("sqs", ("SendMessage",)), "MessageBody", _bytes(1024 * _KIB)),
    (("sqs", ("SendMessage",)), "DelaySeconds", _between(0, 900)),
    (("sqs", ("ReceiveMessage",)), "MaxNumberOfMessages", _between(1, 10)),
    (("sqs", ("ReceiveMessage",)), "WaitTimeSeconds", _between(0, 20)),
    (("sqs", ("ReceiveMessage", "ChangeMessageVisibility")), "VisibilityTimeout", _between(0, 43200)),
    (("sqs", ("SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch")), "Entries", _at_most(10)),
    # SNS, API.
    (("sns", ("CreateTopic",)), "Name", _topic_name),
    (("sns", ("Publish",)), "Subject", _subject),
    (("sns", ("Publish",)), "Message", _bytes(256 * _KIB)),
    # Step Functions, API: lengths in bytes of UTF-8.
    (("states", ("StartExecution",)), "name", _execution_name),
    (("states", ("StartExecution",)), "input", _bytes(256 * _KIB)),
    (("states", ("SendTaskSuccess",)), "output", _bytes(256 * _KIB)),
    # CloudWatch, API.
    (("monitoring", ("PutMetricData",)), "MetricData", _at_most(1000)),
    (("monitoring", ("GetMetricData",)), "MetricDataQueries", _at_most(500)),
    # Application Auto Scaling, API.
    (("application-autoscaling", ("DescribeScalableTargets", "DescribeScalingPolicies", "DescribeScheduledActions")), "MaxResults", _between(1, 50)),
    # S3 user guide, object keys.
    (("s3", ("PutObject", "CopyObject", "GetObject", "HeadObject", "DeleteObject")), "Key", _bytes(_KIB)),
    # DynamoDB developer guide, limits of expressions and of items.
    (("dynamodb", ("PutItem", "UpdateItem", "DeleteItem")), "ConditionExpression", _bytes(4 * _KIB)),
    (("dynamodb", ("UpdateItem",)), "UpdateExpression", _bytes(4 * _KIB)),
)
_WHOLE = {
    ("sqs", "SendMessage"): ((None, _fifo_queue),),
    ("sqs", "SendMessageBatch"): ((None, _fifo_queue), ("Entries", _distinct("Id"))),
    ("sns", "Publish"): ((None, _fifo_topic),),
    ("dynamodb", "BatchGetItem"): ((None, _distinct_keys),),
    ("events", "PutEvents"): (("Entries", _event_sizes),),
    ("application-autoscaling", "RegisterScalableTarget"): ((None, _bounds),),
    ("route53", "ChangeResourceRecordSets"): ((None, _changes),),
    ("s3", "PutObject"): (("Tagging", _s3_tagging),),
    ("s3", "CopyObject"): (("Tagging", _s3_tagging),),
    ("backup", "StartBackupJob"): (("Lifecycle", _lifecycle),),
}
