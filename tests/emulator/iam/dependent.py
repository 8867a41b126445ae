"""What an operation needs of other services: keys that it uses, and roles that it hands on."""

import json

from ministack.core.responses import request_scope
from ministack.services import ecs, kms, rds, sns

# Amazon RDS user guide, "Encrypting Amazon RDS resources": to create a resource with a customer managed key, the caller
# needs these on the key; RDS acts on behalf of who creates or changes the resource.
_OF_CREATION = ("kms:CreateGrant", "kms:DescribeKey")
_CREATIONS = (
    "CopyDBClusterSnapshot", "CopyDBSnapshot", "CreateDBClusterSnapshot", "CreateDBSnapshot", "RestoreDBClusterFromSnapshot",
    "RestoreDBClusterToPointInTime", "RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceToPointInTime",
)
# Amazon SNS developer guide, "Managing Amazon SNS encryption keys": who publishes to an encrypted topic.
_OF_PUBLISHING = ("kms:GenerateDataKey", "kms:Decrypt")
# The record that a request names as its source: member, shelf.
_SOURCES = (
    ("SourceDBSnapshotIdentifier", "_snapshots"), ("DBSnapshotIdentifier", "_snapshots"),
    ("SourceDBClusterSnapshotIdentifier", "_db_cluster_snapshots"), ("SnapshotIdentifier", "_db_cluster_snapshots"),
    ("SourceDBInstanceIdentifier", "_instances"), ("DBInstanceIdentifier", "_instances"),
    ("SourceDBClusterIdentifier", "_clusters"), ("DBClusterIdentifier", "_clusters"),
)


def of(prefix: str, operation: str, members: dict, place):
    """Action, ARN and condition keys of each further right."""
    if prefix == "sns" and operation == "Publish":
        topic = sns._topics.get(members.get("TopicArn", "")) or {}
        key = (topic.get("attributes") or {}).get("KmsMasterKeyId")
        yield from _used(key, _OF_PUBLISHING, "sns", place)
    elif prefix == "rds" and operation in _CREATIONS:
        yield from _used(members.get("KmsKeyId") or _key_of_source(members), _OF_CREATION, "rds", place)
    elif prefix == "ecs" and operation == "UpdateService" and members.get("taskDefinition"):
        # Denied without it, as github.com/keidarcy/e1s/issues/429 shows; a change of the count alone is not.
        definition = ecs._task_defs.get(ecs._resolve_td_key(members["taskDefinition"])) or {}
        for role in filter(None, (definition.get("taskRoleArn"), definition.get("executionRoleArn"))):
            yield "iam:PassRole", role, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    elif prefix == "backup" and members.get("IamRoleArn"):
        yield "iam:PassRole", members["IamRoleArn"], {"iam:PassedToService": "backup.amazonaws.com"}


def key_policy(arn: str, place) -> str:
    """The policy of a key, without which no role may use it; AWS's default where none is known: it leaves that to IAM."""
    with request_scope(place.account, arn.split(":")[3] or place.region):
        known = kms._resolve_key(arn) or {}
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{place.account}:root"}, "Action": "kms:*", "Resource": "*"}
    return known.get("Policy") or json.dumps({"Version": "2012-10-17", "Statement": [root]})


def _used(key, actions, service, place):
    arn = _customer_key(key, place)
    if arn is None:
        return
    context = {"kms:ViaService": f"{service}.{place.region}.amazonaws.com", "kms:CallerAccount": place.account}
    for action in actions:
        more = {"kms:GrantIsForAWSResource": "true"} if action == "kms:CreateGrant" else {}
        yield action, arn, {**context, **more}


def _customer_key(key, place) -> str | None:
    """The ARN of a key that is the customer's to permit; those that AWS manages permit whoever may use the service."""
    if not key or "alias/aws/" in key:
        return None
    known = kms._resolve_key(key)
    if known is not None:
        return known["Arn"]
    return key if key.startswith("arn:") else place.arn("kms", f"key/{key}")


def _key_of_source(members) -> str | None:
    for member, shelf in _SOURCES:
        name = members.get(member)
        if not name:
            continue
        if name.startswith("arn:"):
            parts = name.split(":", 6)
            with request_scope(parts[4], parts[3]):
                record = getattr(rds, shelf).get(parts[6])
        else:
            record = getattr(rds, shelf).get(name)
        if record:
            return record.get("KmsKeyId") or None
    return None
