"""RDS and Aurora snapshots: they take time, are refused where AWS refuses them, are copied to other regions, and restored.

ministack makes a snapshot at once and whatever state the database is in; it copies none, and restores instances only.
"""

import copy

from ministack.core.responses import get_account_id, get_region
from ministack.services import rds as aws

from . import scheduler, clock, settings


def install() -> None:
    """Replace the operations in ministack's table, and add those that it lacks."""
    aws._ACTION_MAP.update(
        CreateDBSnapshot=create_snapshot,
        CreateDBClusterSnapshot=create_cluster_snapshot,
        CopyDBSnapshot=copy_snapshot,
        CopyDBClusterSnapshot=copy_cluster_snapshot,
        DeleteDBSnapshot=delete_snapshot,
        DeleteDBClusterSnapshot=delete_cluster_snapshot,
        DescribeAccountAttributes=account_attributes,
        RestoreDBInstanceFromDBSnapshot=restore_instance,
        RestoreDBInstanceToPointInTime=restore_instance_to,
        RestoreDBClusterFromSnapshot=restore_cluster,
        RestoreDBClusterToPointInTime=restore_cluster_to,
    )


_create = aws._create_db_snapshot
_create_cluster = aws._create_db_cluster_snapshot
_delete = aws._delete_db_snapshot
_delete_cluster = aws._delete_db_cluster_snapshot

# RDS and Aurora user guides, limitations of copies: in progress to one region of an account; those of one source wait for
# each other. The code is what the API reference has, the text is RDS's own (pbudzon/aws-maintenance, issue 19).
_COPIES = {"DBSnapshot": 20, "DBClusterSnapshot": 5}
# RDS API reference: the errors of operations on a snapshot that is not available.
_NOT_AVAILABLE = {"DBSnapshot": "InvalidDBSnapshotState", "DBClusterSnapshot": "InvalidDBClusterSnapshotStateFault"}


def create_snapshot(request):
    """`creating`, and `available` a moment later; refused while the instance is not available, or at the quota."""
    instance = aws._resolve_instance(aws._p(request, "DBInstanceIdentifier"))
    if instance and instance["DBInstanceStatus"] != "available":
        text = f"Cannot create a snapshot because the database instance is not in the available state: {instance['DBInstanceStatus']}."
        return aws._error("InvalidDBInstanceState", text, 400)
    if _manual(aws._snapshots) >= settings.get("rds_snapshot_quota"):
        return aws._error("SnapshotQuotaExceeded", "The request would exceed the number of allowed DB snapshots.", 400)
    answer = _create(request)
    _ripen(aws._snapshots.get(aws._p(request, "DBSnapshotIdentifier")), answer)
    return answer


def create_cluster_snapshot(request):
    """As for an instance."""
    cluster = aws._resolve_cluster_in_request_region(aws._p(request, "DBClusterIdentifier"))
    if cluster and cluster["Status"] != "available":
        text = f"DbCluster {cluster['DBClusterIdentifier']} is in {cluster['Status']} state, expected available."
        return aws._error("InvalidDBClusterStateFault", text, 400)
    if _manual(aws._db_cluster_snapshots) >= settings.get("rds_snapshot_quota"):
        text = "The request would exceed the number of allowed DB cluster snapshots."
        return aws._error("SnapshotQuotaExceeded", text, 400)
    answer = _create_cluster(request)
    _ripen(aws._db_cluster_snapshots.get(aws._p(request, "DBClusterSnapshotIdentifier")), answer)
    return answer


def copy_snapshot(request):
    """Called in the region of the copy; the original is named by its ARN."""
    return _copy(
        request, "DBSnapshot", aws._snapshots, "snapshot", "DBSnapshotNotFound", "DBSnapshotAlreadyExists",
        aws._snapshot_xml,
    )


def copy_cluster_snapshot(request):
    """As for an instance."""
    return _copy(
        request, "DBClusterSnapshot", aws._db_cluster_snapshots, "cluster-snapshot", "DBClusterSnapshotNotFoundFault",
        "DBClusterSnapshotAlreadyExistsFault", aws._cluster_snapshot_xml,
    )


def delete_snapshot(request):
    """Refused while it is being made: DeleteDBSnapshot, API reference."""
    snapshot = aws._snapshots.get(aws._p(request, "DBSnapshotIdentifier"))
    return _not_available("DBSnapshot", snapshot) or _delete(request)


def delete_cluster_snapshot(request):
    """As for an instance."""
    snapshot = aws._db_cluster_snapshots.get(aws._p(request, "DBClusterSnapshotIdentifier"))
    return _not_available("DBClusterSnapshot", snapshot) or _delete_cluster(request)


def account_attributes(_request):
    """The quotas of snapshots; AWS tells some more."""
    quotas = (("ManualSnapshots", aws._snapshots), ("ManualClusterSnapshots", aws._db_cluster_snapshots))
    limit = int(settings.get("rds_snapshot_quota"))
    told = "".join(
        f"<AccountQuota><AccountQuotaName>{name}</AccountQuotaName><Used>{_manual(all_)}</Used><Max>{limit}</Max></AccountQuota>"
        for name, all_ in quotas
    )
    inner = f"<DescribeAccountAttributesResult><AccountQuotas>{told}</AccountQuotas></DescribeAccountAttributesResult>"
    return aws._xml(200, "DescribeAccountAttributesResponse", inner)


def restore_instance(request):
    """Beside the original: a name that exists is refused; `creating`, and `available` a moment later."""
    snapshot = _by_arn(aws._snapshots, aws._p(request, "DBSnapshotIdentifier"))
    answer = _not_available("DBSnapshot", snapshot) or aws._restore_from_snapshot(request)
    return _restored_instance(request, answer, aws._p(request, "DBInstanceIdentifier"))


def restore_instance_to(request):
    """From the state of now, whatever instant is asked for: nothing here keeps the past of a database."""
    source = aws._resolve_instance(aws._p(request, "SourceDBInstanceIdentifier"))
    if source is None:
        return aws._error("DBInstanceNotFound", "The source is not found.", 404)
    target = aws._p(request, "TargetDBInstanceIdentifier")
    if target in aws._instances:
        return aws._error("DBInstanceAlreadyExists", f"DBInstance {target} already exists.", 400)
    restored = copy.deepcopy(source)
    restored.update(
        DBInstanceIdentifier=target,
        DBInstanceArn=f"arn:aws:rds:{get_region()}:{get_account_id()}:db:{target}",
        InstanceCreateTime=clock.iso(clock.now()),
        TagList=[],
    )
    aws._instances[target] = restored
    answer = aws._single_instance_response(
        "RestoreDBInstanceToPointInTimeResponse", "RestoreDBInstanceToPointInTimeResult", restored
    )
    return _restored_instance(request, answer, target)


def restore_cluster(request):
    """Without instances, as AWS does it."""
    name = aws._p(request, "SnapshotIdentifier")
    found = (s for s in aws._db_cluster_snapshots.values() if name in (s["DBClusterSnapshotIdentifier"], s["DBClusterSnapshotArn"]))
    snapshot = next(found, None)
    if snapshot is None:
        return aws._error("DBClusterSnapshotNotFoundFault", f"DBClusterSnapshot {name} not found.", 404)
    refused = _not_available("DBClusterSnapshot", snapshot)
    return refused or _cluster_like(request, "RestoreDBClusterFromSnapshot", snapshot["DBClusterIdentifier"], snapshot)


def restore_cluster_to(request):
    """From the state of now, as for an instance."""
    return _cluster_like(request, "RestoreDBClusterToPointInTime", aws._p(request, "SourceDBClusterIdentifier"), {})


def _cluster_like(request, operation, source, snapshot):
    target = aws._p(request, "DBClusterIdentifier")
    original = aws._resolve_cluster_in_request_region(source)
    if original is None:
        return aws._error("DBClusterNotFoundFault", f"DBCluster {source} not found.", 404)
    if aws._resolve_cluster_in_request_region(target) is not None:
        return aws._error("DBClusterAlreadyExistsFault", f"DBCluster {target} already exists.", 400)
    restored = copy.deepcopy(original)
    restored.update(
        DBClusterIdentifier=target,
        DBClusterArn=f"arn:aws:rds:{get_region()}:{get_account_id()}:cluster:{target}",
        ClusterCreateTime=clock.iso(clock.now()),
        DBClusterMembers=[],
        Status="creating",
        TagList=aws._parse_tags(request),
        StorageEncrypted=snapshot.get("StorageEncrypted", original.get("StorageEncrypted", False)),
    )
    aws._clusters[target] = restored
    aws._tags[restored["DBClusterArn"]] = list(restored["TagList"])
    scheduler.after(settings.get("rds_transition_seconds"), _become, restored, "Status", "creating", "available")
    inner = f"<{operation}Result><DBCluster>{aws._cluster_xml(restored)}</DBCluster></{operation}Result>"
    return aws._xml(200, f"{operation}Response", inner)


def _restored_instance(request, answer, target):
    if answer[0] != 200:
        return answer
    restored = aws._instances[target]
    restored["DBInstanceStatus"] = "creating"
    restored["TagList"] = aws._parse_tags(request)
    aws._tags[restored["DBInstanceArn"]] = list(restored["TagList"])
    scheduler.after(settings.get("rds_transition_seconds"), _become, restored, "DBInstanceStatus", "creating", "available")
    return answer


def _copy(request, noun, shelf, kind, missing, exists, xml):
    name, target = aws._p(request, f"Source{noun}Identifier"), aws._p(request, f"Target{noun}Identifier")
    original = _by_arn(shelf, name)
    if original is None:
        return aws._error(missing, f"{noun} {name} not found.", 404)
    if target in shelf:
        return aws._error(exists, f"{noun} {target} already exists.", 400)
    if refused := _not_available(noun, original):
        return refused
    under_way = [copied for copied in shelf.values() if copied.get(f"Source{noun}Identifier") and copied["Status"] == "creating"]
    if len(under_way) >= _COPIES[noun]:
        text = f"Cannot copy more than {_COPIES[noun]} snapshots across regions"
        return aws._error("SnapshotQuotaExceeded", text, 400)
    encrypted = original.get("StorageEncrypted") or original.get("Encrypted")
    if encrypted and not aws._p(request, "PreSignedUrl"):
        text = "PreSignedUrl must be specified when copying an encrypted snapshot from another region."
        return aws._error("InvalidParameterCombination", text, 400)
    if encrypted and not aws._p(request, "KmsKeyId"):
        return aws._error("KMSKeyNotAccessibleFault", "An encrypted copy needs a key of its own region.", 400)
    made = copy.deepcopy(original)
    made.update(
        {
            f"{noun}Identifier": target,
            f"{noun}Arn": f"arn:aws:rds:{get_region()}:{get_account_id()}:{kind}:{target}",
            f"Source{noun}Identifier": name,
            "SnapshotCreateTime": clock.iso(clock.now()),
            "SnapshotType": "manual",
            "Status": "available",
            "TagList": aws._parse_tags(request),
            "KmsKeyId": aws._p(request, "KmsKeyId") or original.get("KmsKeyId", ""),
        }
    )
    shelf[target] = made
    answer = aws._xml(200, f"Copy{noun}Response", f"<Copy{noun}Result><{noun}>{xml(made)}</{noun}></Copy{noun}Result>")
    source = noun.replace("Snapshot", "Identifier")
    _ripen(made, answer, 1 + sum(1 for copied in under_way if copied[source] == made[source]))
    return answer


def _not_available(noun, snapshot):
    if snapshot is None or snapshot["Status"] == "available":
        return None
    text = f"{noun} {snapshot[f'{noun}Identifier']} is in {snapshot['Status']} state, expected available."
    return aws._error(_NOT_AVAILABLE[noun], text, 400)


def _by_arn(shelf, name):
    """A snapshot of any region: its ARN says which."""
    parts = name.split(":")
    if len(parts) < 7:
        return shelf.get(name)
    return shelf.get_scoped(parts[4], parts[3], parts[6])


def _ripen(snapshot, answer, turns=1) -> None:
    if snapshot is None or answer[0] != 200 or snapshot.get("Status") != "available":
        return
    snapshot["Status"], snapshot["PercentProgress"] = "creating", 0
    scheduler.after(turns * settings.get("rds_transition_seconds"), _become, snapshot, "Status", "creating", "available")


def _become(record, field, through, to) -> None:
    if record.get(field) == through:
        record[field] = to


def _manual(shelf) -> int:
    return sum(1 for snapshot in shelf.values() if snapshot.get("SnapshotType") == "manual")
