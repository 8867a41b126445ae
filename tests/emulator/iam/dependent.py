"""What an operation needs of other services: keys that it uses, and roles that it hands on."""

import json
from urllib.parse import unquote

from ministack.core.responses import request_scope
from ministack.services import dynamodb, ecs, kms, rds, s3, sns, sqs

from . import keys

# Amazon RDS user guide, "Encrypting Amazon RDS resources": to create a resource with a customer managed key, the caller
# needs these on the key; RDS acts on behalf of who creates or changes the resource.
_OF_CREATION = ("kms:CreateGrant", "kms:DescribeKey")
_CREATIONS = (
    "CopyDBClusterSnapshot", "CopyDBSnapshot", "CreateDBClusterSnapshot", "CreateDBSnapshot", "RestoreDBClusterFromSnapshot",
    "CreateDBInstanceReadReplica", "RestoreDBClusterToPointInTime", "RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceToPointInTime",
)
# Amazon SNS developer guide, "Managing Amazon SNS encryption keys": who publishes to an encrypted topic.
_OF_PUBLISHING = ("kms:GenerateDataKey", "kms:Decrypt")
# Amazon SQS developer guide, "Key management": who sends to an encrypted queue, and who receives from it.
_OF_QUEUES = {"SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"), "ReceiveMessage": ("kms:Decrypt",)}
# Amazon S3 user guide, "Using server-side encryption with AWS KMS keys": to write an object, and to read one.
_OF_WRITING, _OF_READING = ("kms:GenerateDataKey",), ("kms:Decrypt",)
# Amazon DynamoDB developer guide, "Authorizing use of your KMS key": whoever selects the key of a table, as a restore does,
# and "Table keys": whoever reads or writes its items, on whose behalf the table's own key is decrypted.
_OF_TABLES = (
    "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom", "kms:ReEncryptTo",
)
_OF_ITEMS = ("kms:Decrypt",)
_RESTORES = ("RestoreTableFromBackup", "RestoreTableToPointInTime")
_KEY_ID = "x-amz-server-side-encryption-aws-kms-key-id"
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
    elif prefix == "sqs" and operation in _OF_QUEUES:
        queue = sqs._queues.get(members.get("QueueUrl", "")) or {}
        yield from _used((queue.get("attributes") or {}).get("KmsMasterKeyId"), _OF_QUEUES[operation], "sqs", place)
    elif prefix == "rds" and operation in _CREATIONS:
        yield from _used(members.get("KmsKeyId") or _key_of_source(members), _OF_CREATION, "rds", place)
    elif prefix == "dynamodb" and operation in keys.ITEMS:
        for _, request in keys.parts(operation, members):
            yield from _used(_key_of_table(request["TableName"]), _OF_ITEMS, "dynamodb", place)
    elif prefix == "dynamodb" and operation in _RESTORES:
        yield from _used(_key_of_restored(members), _OF_TABLES, "dynamodb", place)
    elif prefix == "s3":
        yield from _of_objects(operation, members, place)
    elif prefix == "ecs" and operation in ("UpdateService", "RunTask") and members.get("taskDefinition"):
        # Denied without it, as github.com/keidarcy/e1s/issues/429 shows; a change of the count alone is not.
        definition = ecs._task_defs.get(ecs._resolve_td_key(members["taskDefinition"])) or {}
        for role in filter(None, (definition.get("taskRoleArn"), definition.get("executionRoleArn"))):
            yield "iam:PassRole", role, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    elif prefix == "scheduler" and operation == "UpdateSchedule" and (members.get("Target") or {}).get("RoleArn"):
        # Amazon EventBridge Scheduler user guide, identity-based policies: whoever updates a schedule passes its role.
        yield "iam:PassRole", members["Target"]["RoleArn"], {"iam:PassedToService": "scheduler.amazonaws.com"}
    elif prefix == "backup" and members.get("IamRoleArn"):
        yield "iam:PassRole", members["IamRoleArn"], {"iam:PassedToService": "backup.amazonaws.com"}


def key_policy(arn: str, place) -> str:
    """The policy of a key, without which no role may use it; AWS's default where none is known: it leaves that to IAM."""
    with request_scope(place.account, arn.split(":")[3] or place.region):
        known = kms._resolve_key(arn) or {}
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{place.account}:root"}, "Action": "kms:*", "Resource": "*"}
    return known.get("Policy") or json.dumps({"Version": "2012-10-17", "Statement": [root]})


def _of_objects(operation, members, place):
    if operation in ("PutObject", "CopyObject"):
        key = members.get("SSEKMSKeyId") or s3._bucket_default_sse_headers(members["Bucket"]).get(_KEY_ID)
        yield from _used(key, _OF_WRITING, "s3", place)
    if operation == "GetObject" or (operation == "HeadObject" and members.get("ChecksumMode")):
        yield from _used(_key_of_object(members["Bucket"], members["Key"], members.get("VersionId")), _OF_READING, "s3", place)
    elif operation == "CopyObject":
        path, _, version = members["CopySource"].lstrip("/").partition("?versionId=")
        bucket, _, name = path.partition("/")
        yield from _used(_key_of_object(bucket, unquote(name), unquote(version) or None), _OF_READING, "s3", place)


def _used(key, actions, service, place):
    arn = _customer_key(key, place)
    if arn is None:
        return
    # A key is used where it lies, and so is the service that uses it.
    region = arn.split(":")[3] or place.region
    context = {"kms:ViaService": f"{service}.{region}.amazonaws.com", "kms:CallerAccount": place.account}
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


def _key_of_table(name) -> str | None:
    table = dynamodb._tables.get(name.rsplit("/", 1)[-1]) or {}
    return (table.get("SSEDescription") or {}).get("KMSMasterKeyArn")


def _key_of_restored(members) -> str | None:
    """That of the request, or that of what is restored."""
    override = (members.get("SSESpecificationOverride") or {}).get("KMSMasterKeyId")
    source = members.get("SourceTableName") or members.get("SourceTableArn") or members.get("BackupArn", "").split("/backup/")[0]
    return override or _key_of_table(source)


def _key_of_object(bucket, name, version) -> str | None:
    record = (s3._buckets.get(bucket) or {}).get("objects", {}).get(name)
    for known in s3._object_versions.get((bucket, name), []) if version else ():
        if known.get("version_id") == version:
            record = known
    return ((record or {}).get("preserved_headers") or {}).get(_KEY_ID)


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
