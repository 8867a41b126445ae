"""The tags that a resource has at this moment, by its ARN."""

from ministack.core.responses import request_scope
from ministack.services import alb, dynamodb, ecs, elasticache, eventbridge, lambda_svc, rds, sqs, stepfunctions

from .. import autoscaling

# Of their records, those that the store of tags does not know.
_RECORDS = (
    (rds._instances, "DBInstanceArn"), (rds._clusters, "DBClusterArn"), (rds._snapshots, "DBSnapshotArn"),
    (rds._db_cluster_snapshots, "DBClusterSnapshotArn"), (rds._global_clusters, "GlobalClusterArn"),
)


def of(arn: str) -> dict:
    """Key to value; nothing for what has none, or is not there."""
    _, _, service, region, account, name = (arn.split(":", 5) + [""] * 6)[:6]
    look = _LOOKS.get(service)
    if look is None:
        return {}
    # A global cluster is of no region; ministack keeps it in that of its account's first call.
    with request_scope(account, region or "us-east-1"):
        return _pairs(look(arn, name))


def _pairs(tags) -> dict:
    if isinstance(tags, dict):
        return dict(tags)
    return {tag.get("Key", tag.get("key")): tag.get("Value", tag.get("value", "")) for tag in tags or []}


def _of_rds(arn, _name):
    if arn in rds._tags:
        return rds._tags[arn]
    for shelf, field in _RECORDS:
        for record in list(shelf._data.values()):
            if record.get(field) == arn:
                return record.get("TagList")
    return None


def _of_table(arn, name):
    return dynamodb._tags.get(arn.split("/index/")[0].split("/backup/")[0])


def _of_queue(arn, _name):
    queue = sqs._queue_by_arn(arn)
    return queue and queue.get("tags")


def _of_mapping(arn, _name):
    kind, _, name = arn.split(":", 5)[-1].partition(":")
    mapping = lambda_svc._esms.get(name) if kind == "event-source-mapping" else None
    return mapping and mapping.get("Tags")


_LOOKS = {
    "application-autoscaling": lambda arn, _name: autoscaling._tags.get(arn),
    "dynamodb": _of_table,
    "ecs": lambda arn, _name: ecs._tags.get(arn),
    "elasticloadbalancing": lambda arn, _name: alb._tags.get(arn),
    "elasticache": lambda arn, _name: elasticache._tags.get(arn),
    "lambda": _of_mapping,
    "events": lambda arn, _name: eventbridge._tags.get(arn),
    "rds": _of_rds,
    "sqs": _of_queue,
    "states": lambda arn, _name: stepfunctions._tags.get(arn),
}
