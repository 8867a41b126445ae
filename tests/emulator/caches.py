"""ElastiCache: snapshots take time, and keep the tags that they are made with."""

from ministack.services import elasticache as aws

from . import scheduler, clock, settings

_create = aws._create_snapshot
_xml = aws._snapshot_xml


def install() -> None:
    """Replace ministack's functions."""
    aws._create_snapshot = create
    aws._snapshot_xml = xml


def create(request):
    """`creating`, and `available` a moment later; tagged."""
    group = aws._p(request, "ReplicationGroupId")
    if group and group not in aws._replication_groups:
        return aws._error("ReplicationGroupNotFoundFault", f"ReplicationGroup {group} not found.", 404)
    answer = _create(request)
    made = aws._snapshots.get(aws._p(request, "SnapshotName"))
    if answer[0] != 200 or made is None:
        return answer
    aws._tags[made["ARN"]] = aws._extract_tags(request)
    made["SnapshotStatus"] = "creating"
    scheduler.after(settings.get("rds_transition_seconds"), _ready, made)
    return answer


def xml(snapshot) -> str:
    """With times as AWS writes them; ministack writes seconds."""
    for node in snapshot["NodeSnapshots"]:
        if not isinstance(node["SnapshotCreateTime"], str):
            node.update(SnapshotCreateTime=clock.iso(node["SnapshotCreateTime"]), CacheSize="12 MB")
    return _xml(snapshot)


def _ready(snapshot) -> None:
    if snapshot["SnapshotStatus"] == "creating":
        snapshot["SnapshotStatus"] = "available"

