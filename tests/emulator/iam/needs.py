"""What a call needs: actions on resources, with the condition keys that its request has.

Which types of resources an action takes stands in the service authorization reference (`tests/data/authorization.json`);
here is only how the members of a request name them. What one operation needs of other services stands in `dependent`.
"""

import dataclasses
import json
import pathlib
import re

from ministack.services import ecs

from . import dependent, keys, tags

_REFERENCE = json.loads((pathlib.Path(__file__).parents[2] / "data/authorization.json").read_text(encoding="utf-8"))
# Services whose actions do not begin with the name by which calls are signed.
_PREFIXES = {"monitoring": "cloudwatch", "opensearch": "es"}
_VARIABLE = re.compile(r"\$\{[^}]+\}")

# The members that name a type's resources, by ARN or by the last part of it.
_MEMBERS = {
    "backup:backupVault": ("BackupVaultName",),
    "backup:recoveryPoint": ("RecoveryPointArn", "ResourceArn"),
    "cloudwatch:alarm": ("AlarmNames",),
    "dynamodb:backup": ("BackupArn",),
    "dynamodb:table": ("TableName", "SourceTableName", "TargetTableName", "ResourceArn"),
    "ecr:repository": ("repositoryName",),
    "elasticache:replicationgroup": ("ReplicationGroupId", "ResourceName"),
    "elasticache:snapshot": ("SnapshotName", "ResourceName"),
    "elasticloadbalancing:listener-rule/app": ("RuleArn",),
    "es:domain": ("DomainName",),
    "lambda:eventSourceMapping": ("UUID",),
    "kinesis:stream": ("StreamName", "StreamARN"),
    "rds:cluster": ("DBClusterIdentifier", "SourceDBClusterIdentifier", "DbClusterIdentifier", "TargetDbClusterIdentifier", "ResourceName"),
    "rds:cluster-pg": ("DBClusterParameterGroupName",),
    "rds:cluster-snapshot": (
        "DBClusterSnapshotIdentifier", "SourceDBClusterSnapshotIdentifier", "TargetDBClusterSnapshotIdentifier",
        "SnapshotIdentifier", "ResourceName",
    ),
    "rds:db": ("DBInstanceIdentifier", "SourceDBInstanceIdentifier", "TargetDBInstanceIdentifier", "ResourceName"),
    "rds:global-cluster": ("GlobalClusterIdentifier",),
    "rds:og": ("OptionGroupName",),
    "rds:pg": ("DBParameterGroupName",),
    "rds:snapshot": ("DBSnapshotIdentifier", "SourceDBSnapshotIdentifier", "TargetDBSnapshotIdentifier", "ResourceName"),
    "rds:subgrp": ("DBSubnetGroupName",),
    "route53-recovery-cluster:routingcontrol": ("RoutingControlArn",),
    "route53:hostedzone": ("HostedZoneId",),
    "sns:topic": ("TopicArn",),
    "states:execution": ("executionArn",),
    "states:statemachine": ("stateMachineArn",),
}
# What a database gets when the request names none is looked at as well (Amazon RDS user guide, "Allow a user to create DB
# instances that use specified DB parameter group and subnet group": og:default*, pg:default*, subgrp:default).
_DEFAULTS = ("rds:cluster-pg", "rds:og", "rds:pg", "rds:subgrp")


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a call is made: what ARNs and conditions have of it."""

    account: str
    region: str

    def arn(self, service: str, name: str) -> str:
        """The ARN of something here."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{name}"


@dataclasses.dataclass(frozen=True)
class Need:
    """A request as IAM sees it."""

    action: str
    resource: str
    context: str  # JSON
    policy: str | None = None  # of the resource, where IAM alone does not decide


def of(service: str, operation: str, members: dict, place: Place) -> list:
    """Everything that a call needs."""
    prefix = _PREFIXES.get(service, service)
    special = _SPECIAL.get((prefix, operation)) or _SPECIAL.get((prefix, "*"))
    asked = special(operation, members, place) if special else _plain(prefix, operation, members, place)
    asked = list(asked) + list(dependent.of(prefix, operation, members, place))
    request = keys.of_request(prefix, members)
    return list(dict.fromkeys(need(action, arn, {**request, **context}, place) for action, arn, context in asked))


def need(action: str, arn: str, context: dict, place: Place) -> Need:
    """A request on one resource, with the tags that it has, and what every request has."""
    known = {f"aws:ResourceTag/{key}": value for key, value in tags.of(arn).items()}
    always = {
        "aws:PrincipalAccount": place.account,
        "aws:RequestedRegion": place.region,
        "aws:ResourceAccount": place.account,
        "aws:SecureTransport": "true",
    }
    policy = dependent.key_policy(arn, place) if action.startswith("kms:") else None
    return Need(action, arn, json.dumps({**always, **known, **context}, sort_keys=True), policy)


def _plain(prefix, operation, members, place):
    action = f"{prefix}:{operation}"
    known = _REFERENCE["actions"].get(action, {"resources": {}})
    arns = [arn for kind in known["resources"] for arn in _arns(f"{prefix}:{kind}", members, place)]
    if arns:
        for kind, taken in known["resources"].items():
            if taken["required"] and f"{prefix}:{kind}" in _DEFAULTS and not _arns(f"{prefix}:{kind}", members, place):
                arns.append(_filled(f"{prefix}:{kind}", "default", place))
    return [(action, arn, {}) for arn in arns or ["*"]]


def _arns(kind, members, place) -> list:
    values = [value for name in _MEMBERS.get(kind, ()) for value in _listed(members.get(name))]
    return [arn for arn in (_filled(kind, value, place) for value in values) if _fits(kind, arn)]


def _listed(value) -> list:
    return value if isinstance(value, list) else [value] if value else []


def _filled(kind, name, place) -> str:
    if name.startswith("arn:"):
        return name
    pattern = _REFERENCE["types"][kind]["arn"]
    for variable, value in (("Partition", "aws"), ("Region", place.region), ("Account", place.account)):
        pattern = pattern.replace(f"${{{variable}}}", value)
    start = pattern.find("${")
    return pattern if start < 0 else pattern[:start] + name.removeprefix("/hostedzone/")


def _fits(kind, arn) -> bool:
    parts = _VARIABLE.split(_REFERENCE["types"][kind]["arn"].replace("*", "${any}"))
    return re.fullmatch(".*".join(re.escape(part) for part in parts), arn) is not None


# --- Services whose operations name their resources in ways of their own. ---


def _services(operation, members, place):
    cluster = str(members.get("cluster") or "default").rsplit("/", 1)[-1]
    names = _listed(members.get("services") or members.get("service"))
    context = {"ecs:cluster": place.arn("ecs", f"cluster/{cluster}")}
    for name in names:
        arn = name if name.startswith("arn:") else place.arn("ecs", f"service/{cluster}/{name}")
        yield f"ecs:{operation}", arn, context


def _tasks(operation, members, place):
    cluster = str(members.get("cluster") or "default").rsplit("/", 1)[-1]
    context = {"ecs:cluster": place.arn("ecs", f"cluster/{cluster}")}
    for name in _listed(members.get("tasks")):
        arn = name if name.startswith("arn:") else place.arn("ecs", f"task/{cluster}/{name}")
        yield f"ecs:{operation}", arn, context


def _task(operation, members, place):
    """One task, by its id or its ARN."""
    yield from _tasks(operation, {**members, "tasks": _listed(members.get("task"))}, place)


def _run_task(operation, members, place):
    """The task definition with its revision; the tags of a task are set as it is made (Amazon ECS developer guide, tagging
    resources on creation)."""
    cluster = str(members.get("cluster") or "default").rsplit("/", 1)[-1]
    context = {"ecs:cluster": place.arn("ecs", f"cluster/{cluster}")}
    definition = ecs._task_defs.get(ecs._resolve_td_key(members["taskDefinition"])) or {}
    name = members["taskDefinition"]
    yield f"ecs:{operation}", definition.get("taskDefinitionArn") or place.arn("ecs", f"task-definition/{name}:1"), context
    if members.get("tags"):
        yield "ecs:TagResource", place.arn("ecs", f"task/{cluster}/new"), {"ecs:CreateAction": operation}


def _events_of_log(operation, members, place):
    """Service authorization reference, GetLogEvents: its resource is the stream."""
    stream = f"log-group:{members['logGroupName']}:log-stream:{members['logStreamName']}"
    return [(f"logs:{operation}", place.arn("logs", stream), {})]


def _list_tasks(operation, members, place):
    # Its resource is a container instance, and nothing where the request names none.
    cluster = str(members.get("cluster") or "default").rsplit("/", 1)[-1]
    return [(f"ecs:{operation}", "*", {"ecs:cluster": place.arn("ecs", f"cluster/{cluster}")})]


def _parts_of_services(operation, members, _place):
    # The reference names the service too; the ARN of its deployment or revision goes on from its name.
    for arn in _listed(members.get("serviceRevisionArns") or members.get("serviceDeploymentArns")):
        yield f"ecs:{operation}", arn, {}
        service = arn.replace(":service-revision/", ":service/").replace(":service-deployment/", ":service/")
        yield f"ecs:{operation}", service.rsplit("/", 1)[0], {}


def _target(operation, members, place):
    context = {
        "application-autoscaling:service-namespace": members.get("ServiceNamespace"),
        "application-autoscaling:scalable-dimension": members.get("ScalableDimension"),
    }
    arn = keys.scalable_target(members) or place.arn("application-autoscaling", "scalable-target/new")
    return [(f"application-autoscaling:{operation}", arn, context)]


def _items(operation, members, place):
    """Reads and writes of items: each table with the partitions that the call touches; an index in its table's stead."""
    for action, request in keys.parts(operation, members):
        table = request["TableName"]
        arn = table if table.startswith("arn:") else place.arn("dynamodb", f"table/{table}")
        leading = keys.leading(action, request)
        context = {"dynamodb:LeadingKeys": leading} if leading else {}
        index = request.get("IndexName")
        yield f"dynamodb:{action}", f"{arn}/index/{index}" if index else arn, context


def _restore(operation, members, place):
    """Amazon DynamoDB developer guide, "Using IAM with DynamoDB backup and restore": what it does in the caller's name."""
    yield from _plain("dynamodb", operation, members, place)
    target = place.arn("dynamodb", f"table/{members['TargetTableName']}")
    for action in ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"):
        yield f"dynamodb:{action}", target, {}


def _domain(operation, members, place):
    """Amazon OpenSearch Service developer guide, identity-based policies: the path is part of the resource."""
    return [(f"es:{operation}", place.arn("es", f"domain/{members['DomainName']}{members['Path']}"), {})]


def _invoke(_operation, members, place):
    """AWS Lambda API reference, Invoke: it needs the permission of another name."""
    name = members["FunctionName"]
    return [("lambda:InvokeFunction", name if name.startswith("arn:") else place.arn("lambda", f"function:{name}"), {})]


def _queue(operation, members, place):
    name = members.get("QueueName") or str(members.get("QueueUrl", "")).rsplit("/", 1)[-1]
    return [(f"sqs:{operation}", place.arn("sqs", name), {})]


def _events(operation, members, place):
    for entry in members.get("Entries", []):
        bus = entry.get("EventBusName") or "default"
        arn = bus if bus.startswith("arn:") else place.arn("events", f"event-bus/{bus}")
        yield f"events:{operation}", arn, {"events:source": entry.get("Source"), "events:detail-type": entry.get("DetailType")}


def _rule(operation, members, place):
    """Service authorization reference, Amazon EventBridge: the ARN of a rule on the default bus does not name it."""
    bus = str(members.get("EventBusName") or "default").rsplit("/", 1)[-1]
    name = members["Name"] if bus == "default" else f"{bus}/{members['Name']}"
    return [(f"events:{operation}", place.arn("events", f"rule/{name}"), {})]


def _schedule(operation, members, place):
    """Service authorization reference, Amazon EventBridge Scheduler: a schedule goes by its group and its name."""
    group = members.get("GroupName") or "default"
    return [(f"scheduler:{operation}", place.arn("scheduler", f"schedule/{group}/{members['Name']}"), {})]


def _metrics(operation, members, _place):
    return [(f"cloudwatch:{operation}", "*", {"cloudwatch:namespace": members.get("Namespace")})]


def _quota(operation, members, place):
    return [(f"servicequotas:{operation}", place.arn("servicequotas", f"{members['ServiceCode']}/{members['QuotaCode']}"), {})]


def _controls(operation, members, _place):
    for entry in members.get("UpdateRoutingControlStateEntries", []):
        yield f"route53-recovery-cluster:{operation}", entry["RoutingControlArn"], {}


def _objects(operation, members, _place):
    """Amazon S3 user guide, "Required permissions for Amazon S3 API operations"."""
    bucket, key = members["Bucket"].rstrip("/"), members.get("Key")
    arn, version = f"arn:aws:s3:::{bucket}", "Version" if members.get("VersionId") else ""
    match operation:
        case "GetObject" | "HeadObject":
            yield f"s3:GetObject{version}", f"{arn}/{key}", {}
        case "GetObjectTagging":
            yield f"s3:GetObject{version}Tagging", f"{arn}/{key}", {}
        case "DeleteObject":
            yield f"s3:DeleteObject{version}", f"{arn}/{key}", {}
        case "HeadBucket" | "ListObjects" | "ListObjectsV2":
            yield "s3:ListBucket", arn, {}
        case "ListObjectVersions":
            yield "s3:ListBucketVersions", arn, {}
        case "PutObject" | "CopyObject":
            yield "s3:PutObject", f"{arn}/{key}", {}
            if members.get("Tagging"):
                yield "s3:PutObjectTagging", f"{arn}/{key}", {}
            if operation == "CopyObject":
                source, _, wanted = members["CopySource"].lstrip("/").partition("?versionId=")
                yield f"s3:GetObject{'Version' if wanted else ''}", f"arn:aws:s3:::{source}", {}
                # The tags of the source come along unless the request replaces them.
                if members.get("TaggingDirective") != "REPLACE":
                    yield f"s3:GetObject{'Version' if wanted else ''}Tagging", f"arn:aws:s3:::{source}", {}
        case _:
            yield f"s3:{operation}", f"{arn}/{key}" if key else arn, {}


_SPECIAL = {
    ("application-autoscaling", "RegisterScalableTarget"): _target,
    ("cloudwatch", "PutMetricData"): _metrics,
    **{("dynamodb", name): _items for name in keys.ITEMS},
    ("dynamodb", "RestoreTableFromBackup"): _restore,
    ("dynamodb", "RestoreTableToPointInTime"): _restore,
    ("ecs", "DescribeServices"): _services,
    ("ecs", "UpdateService"): _services,
    ("ecs", "DescribeTasks"): _tasks,
    ("ecs", "ListTasks"): _list_tasks,
    ("ecs", "RunTask"): _run_task,
    ("ecs", "StopTask"): _task,
    ("logs", "GetLogEvents"): _events_of_log,
    ("ecs", "ListServiceDeployments"): _services,
    ("ecs", "DescribeServiceDeployments"): _parts_of_services,
    ("ecs", "DescribeServiceRevisions"): _parts_of_services,
    **{("es", f"ESHttp{verb}"): _domain for verb in ("Delete", "Get", "Put")},
    ("events", "PutEvents"): _events,
    **{("events", name): _rule for name in ("DescribeRule", "DisableRule", "EnableRule")},
    ("lambda", "Invoke"): _invoke,
    ("route53-recovery-cluster", "UpdateRoutingControlStates"): _controls,
    ("s3", "*"): _objects,
    **{("scheduler", name): _schedule for name in ("GetSchedule", "UpdateSchedule")},
    ("servicequotas", "GetServiceQuota"): _quota,
    ("sqs", "*"): _queue,
}
