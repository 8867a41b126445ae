"""RDS: read replicas in other regions and their promotion, instances that get another name, and global databases that take time
to change their writer.

Amazon RDS API reference, CreateDBInstanceReadReplica, PromoteReadReplica and ModifyDBInstance; Amazon RDS user guide, "Renaming
a DB instance"; Amazon Aurora user guide, "Using switchover or failover in Amazon Aurora Global Database".
"""

import re

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import rds as aws

from . import scheduler, outage, rds, settings

_create_read_replica = aws._create_read_replica
_modify = aws._ACTION_MAP["ModifyDBInstance"]
_switchover = aws._switchover_global_cluster
_failover = aws._failover_global_cluster

_ARN = re.compile(r"arn:aws:rds:([a-z0-9-]+):(\d{12}):db:(.+)")


def install() -> None:
    """Replace the operations. To be called after `rds`, whose descriptions get the state of the replication."""
    aws._ACTION_MAP.update(
        CreateDBInstanceReadReplica=create_read_replica,
        PromoteReadReplica=promote_read_replica,
        ModifyDBInstance=modify_instance,
        SwitchoverGlobalCluster=switchover,
        FailoverGlobalCluster=failover,
    )
    described = aws._instance_xml
    aws._instance_xml = lambda instance: described(instance).replace("<StatusInfos/>", _replication_xml(instance))


def create_read_replica(request):
    """A source in another region is named by its ARN; both sides name each other by ARN then."""
    found = _ARN.fullmatch(aws._p(request, "SourceDBInstanceIdentifier"))
    if not found or found[1] == get_region():
        return _create_read_replica(request)
    source_arn, region, name = found[0], found[1], found[3]
    if outage.severed(region, get_region()):
        return aws._error("InvalidDBInstanceState", f"DBInstance {source_arn} cannot be reached.", 400)
    with request_scope(get_account_id(), region):
        source = aws._instances.get(name)
    if source is None:
        return aws._error("DBInstanceNotFound", f"DBInstance {source_arn} not found.", 404)
    if not int(source.get("BackupRetentionPeriod", 1)):
        return aws._error("InvalidDBInstanceState", f"Automated backups are not enabled for {source_arn}.", 400)
    if source["DBInstanceStatus"] != "available":
        text = f"DBInstance {source_arn} is not in available state, but in {source['DBInstanceStatus']}."
        return aws._error("InvalidDBInstanceState", text, 400)
    # ministack copies a source of the same region: let it find this one there for as long as it takes, under a name that none
    # can have.
    stand_in = f"{name}--source"
    aws._instances[stand_in] = dict(source, DBInstanceIdentifier=stand_in, ReadReplicaDBInstanceIdentifiers=[])
    try:
        answer = _create_read_replica({**request, "SourceDBInstanceIdentifier": [stand_in]})
    finally:
        aws._instances.pop(stand_in)
    if answer[0] != 200:
        return answer
    replica = aws._instances[aws._p(request, "DBInstanceIdentifier")]
    replica["ReadReplicaSourceDBInstanceIdentifier"] = source_arn
    replica["AvailabilityZone"] = f"{get_region()}a"
    _own_settings(request, replica)
    rds.move(rds.Instance(replica), "creating", "available")
    source.setdefault("ReadReplicaDBInstanceIdentifiers", []).append(replica["DBInstanceArn"])
    return aws._single_instance_response(
        "CreateDBInstanceReadReplicaResponse", "CreateDBInstanceReadReplicaResult", replica
    )


def _own_settings(request, replica) -> None:
    """What a replica does not have of a source in another region; its backups are off."""
    if aws._p(request, "DBInstanceClass"):
        replica["DBInstanceClass"] = aws._p(request, "DBInstanceClass")
    group = aws._p(request, "DBSubnetGroupName") or "default"
    replica["DBSubnetGroup"] = aws._subnet_groups.get(group, {"DBSubnetGroupName": group})
    groups = aws._parse_member_list(request, "VpcSecurityGroupIds")
    replica["VpcSecurityGroups"] = [{"VpcSecurityGroupId": group, "Status": "active"} for group in groups]
    replica["BackupRetentionPeriod"] = 0


def modify_instance(request):
    """Another name is given at once where that is asked for: `renaming`, and a moment later there under the new one."""
    name, to = aws._p(request, "DBInstanceIdentifier"), aws._p(request, "NewDBInstanceIdentifier").lower()
    instance = aws._resolve_instance(name)
    if not to or instance is None:
        return _modify(request)
    if to in aws._instances:
        return aws._error("DBInstanceAlreadyExists", f"DBInstance {to} already exists.", 400)
    if instance["DBInstanceStatus"] != "available":
        text = f"DBInstance {name} is not in available state, but in {instance['DBInstanceStatus']}."
        return aws._error("InvalidDBInstanceState", text, 400)
    answer = _modify(request)
    if answer[0] != 200:
        return answer
    if aws._p(request, "ApplyImmediately") == "true":
        rds.move(rds.Instance(instance), "renaming", "available", lambda _: _renamed(instance, to))
    else:
        instance.setdefault("PendingModifiedValues", {})["DBInstanceIdentifier"] = to
    return aws._single_instance_response("ModifyDBInstanceResponse", "ModifyDBInstanceResult", instance)


def _renamed(instance, to) -> None:
    """Tags, data and replicas stay with it; name, ARN and address are others."""
    old, arn = instance["DBInstanceIdentifier"], instance["DBInstanceArn"]
    instance["DBInstanceIdentifier"], instance["DBInstanceArn"] = to, arn[: -len(old)] + to
    aws._instances[to] = aws._instances.pop(old)
    if arn in aws._tags:
        aws._tags[instance["DBInstanceArn"]] = aws._tags.pop(arn)


def promote_read_replica(request):
    """`modifying`, and a moment later `available` as an instance of its own."""
    name = aws._p(request, "DBInstanceIdentifier")
    replica = aws._resolve_instance(name)
    if replica is None:
        return aws._error("DBInstanceNotFound", f"DBInstance {name} not found.", 404)
    if not replica.get("ReadReplicaSourceDBInstanceIdentifier"):
        return aws._error("InvalidDBInstanceState", f"DBInstance {name} is not a read replica.", 400)
    if replica["DBInstanceStatus"] != "available":
        text = f"DBInstance {name} is not in available state, but in {replica['DBInstanceStatus']}."
        return aws._error("InvalidDBInstanceState", text, 400)
    # Without a word of it: one day.
    replica["BackupRetentionPeriod"] = int(aws._p(request, "BackupRetentionPeriod") or 1)
    rds.move(rds.Instance(replica), "modifying", "available", _part)
    return aws._single_instance_response("PromoteReadReplicaResponse", "PromoteReadReplicaResult", replica)


def switchover(request):
    """Both sides have to answer: nothing may be lost."""
    lost = _lost_members(request)
    if lost:
        text = f"The global cluster cannot switch over: {lost[0]} does not answer."
        return aws._error("InvalidGlobalClusterStateFault", text, 400)
    return _changing(request, _switchover(request), "switching-over")


def failover(request):
    """With consent to lose data, the side that is left is enough."""
    consent = aws._p(request, "AllowDataLoss").lower() == "true"
    return _changing(request, _failover(request), "failing-over") if consent else switchover(request)


def _changing(request, answer, through):
    if answer[0] == 200:
        known = aws._resolve_global_cluster(aws._p(request, "GlobalClusterIdentifier"))
        known["Status"] = through
        scheduler.after(settings.get("rds_transition_seconds"), known.update, {"Status": "available"})
    return answer


def _lost_members(request) -> list:
    known = aws._resolve_global_cluster(aws._p(request, "GlobalClusterIdentifier")) or {}
    arns = [member["DBClusterArn"] for member in known.get("GlobalClusterMembers", [])]
    return [arn for arn in arns if outage.lost(arn.split(":")[3])]


def _part(database) -> None:
    """Promoted: source and replica forget each other."""
    replica = database.record
    source = replica["ReadReplicaSourceDBInstanceIdentifier"]
    replica["ReadReplicaSourceDBInstanceIdentifier"] = ""
    found = _ARN.fullmatch(source)
    region, name = (found[1], found[3]) if found else (get_region(), source)
    with request_scope(get_account_id(), region):
        known = aws._instances.get(name) or {}
    names = known.get("ReadReplicaDBInstanceIdentifiers", [])
    names[:] = [name for name in names if name not in (replica["DBInstanceArn"], replica["DBInstanceIdentifier"])]


def _replication_xml(instance) -> str:
    source = instance.get("ReadReplicaSourceDBInstanceIdentifier")
    if not source:
        return "<StatusInfos/>"
    found = _ARN.fullmatch(source)
    broken = found is not None and outage.severed(found[1], get_region())
    status = f"<Normal>{str(not broken).lower()}</Normal><Status>{'error' if broken else 'replicating'}</Status>"
    info = f"<DBInstanceStatusInfo><StatusType>read replication</StatusType>{status}</DBInstanceStatusInfo>"
    return f"<StatusInfos>{info}</StatusInfos>"
