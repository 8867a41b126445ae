"""RDS and Aurora: databases that take time to stop and start, refusals, the restart after seven days, and pages."""

import re

from ministack.services import rds as aws

from . import scheduler, clock, settings

_DAY = 24 * 3600  # seconds
_PAGE = range(20, 101)  # MaxRecords; Amazon RDS API reference, DescribeDBInstances and DescribeDBClusters
_ONE = re.compile(r"<(DBInstance|DBCluster)>.*?</\1>", re.DOTALL)
_NAME = re.compile(r"<DB(?:Instance|Cluster)Identifier>(.*?)</")

_instance_xml = aws._instance_xml
_cluster_xml = aws._cluster_xml
_describe_instances = aws._ACTION_MAP["DescribeDBInstances"]
_describe_clusters = aws._ACTION_MAP["DescribeDBClusters"]


def install() -> None:
    """Replace the operations in ministack's table, and add the restart time to what is described."""
    aws._ACTION_MAP.update(
        StartDBInstance=start_instance,
        StopDBInstance=stop_instance,
        StartDBCluster=start_cluster,
        StopDBCluster=stop_cluster,
        DescribeDBInstances=lambda request: _paged(request, _describe_instances(request), "DBInstance"),
        DescribeDBClusters=lambda request: _paged(request, _describe_clusters(request), "DBCluster"),
    )
    aws._instance_xml = lambda instance: _instance_xml(instance) + _restart_xml(instance)
    aws._cluster_xml = lambda cluster: _cluster_xml(cluster) + _restart_xml(cluster)


def stop_instance(request):
    """Refuses what cannot be stopped; then `stopping`, and `stopped` a moment later."""
    instance, refused = _instance(request)
    refused = refused or _not_stoppable(instance) or _not_in(instance, "available")
    if refused:
        return refused
    move(Instance(instance), "stopping", "stopped", _plan_restart)
    return _instance_answer("StopDBInstance", instance)


def start_instance(request):
    """`starting`, and `available` a moment later."""
    instance, refused = _instance(request)
    refused = refused or _aurora_member(instance) or _not_in(instance, "stopped")
    if refused:
        return refused
    _start(Instance(instance))
    return _instance_answer("StartDBInstance", instance)


def stop_cluster(request):
    """As for an instance; the members follow their cluster."""
    cluster, refused = _cluster(request)
    refused = refused or _cluster_not_stoppable(cluster) or _cluster_not_in(cluster, "available")
    if refused:
        return refused
    move(Cluster(cluster), "stopping", "stopped", _plan_restart)
    return _cluster_answer("StopDBCluster", cluster)


def start_cluster(request):
    """As for an instance; the members follow their cluster."""
    cluster, refused = _cluster(request)
    refused = refused or _cluster_not_in(cluster, "stopped")
    if refused:
        return refused
    _start(Cluster(cluster))
    return _cluster_answer("StartDBCluster", cluster)


class Instance:
    """An instance, as something that has a status."""

    def __init__(self, record):
        self.record = record

    @property
    def status(self):
        return self.record["DBInstanceStatus"]

    @status.setter
    def status(self, value):
        self.record["DBInstanceStatus"] = value


class Cluster:
    """A cluster, as something that has a status, with members that share it."""

    def __init__(self, record):
        self.record = record

    @property
    def status(self):
        return self.record["Status"]

    @status.setter
    def status(self, value):
        self.record["Status"] = value
        for member in aws._cluster_member_instances(self.record):
            member["DBInstanceStatus"] = value


def move(database, through, to, then=None) -> None:
    """Change a database's status to `through`, and a moment later to `to`; call `then` with it when it has arrived."""
    database.status = through
    scheduler.after(settings.get("rds_transition_seconds"), _arrive, database, through, to, then)


def _arrive(database, through, to, then) -> None:
    if database.status != through:
        return
    database.status = to
    if then:
        then(database)


def _start(database) -> None:
    database.record.pop("AutomaticRestartTime", None)
    move(database, "starting", "available")


def _plan_restart(database) -> None:
    due = clock.now() + settings.get("rds_restart_days") * _DAY
    database.record["AutomaticRestartTime"] = due
    scheduler.at(due, _restart, database, due)


def _restart(database, due) -> None:
    # Started and stopped again meanwhile: then another restart is planned.
    if database.status == "stopped" and database.record.get("AutomaticRestartTime") == due:
        _start(database)


def _paged(request, answer, what):
    """A page of what was found: a hundred without a word, and a marker where more follow."""
    status, headers, body = answer
    size = int(aws._p(request, "MaxRecords") or _PAGE[-1])
    if size not in _PAGE:
        text = f"Invalid value {size} for MaxRecords. Must be between {_PAGE[0]} and {_PAGE[-1]}"
        return aws._error("InvalidParameterValue", text, 400)
    if status != 200:
        return answer
    text = body.decode() if isinstance(body, bytes) else body
    found = [one.group(0) for one in _ONE.finditer(text)]
    names = [_NAME.search(one).group(1) for one in found]
    marker = aws._p(request, "Marker")
    if marker and marker not in names:
        return aws._error("InvalidParameterValue", f"Marker {marker} is not valid", 400)
    start = names.index(marker) if marker else 0
    page, rest = found[start : start + size], names[start + size :]
    more = f"<Marker>{rest[0]}</Marker>" if rest else ""
    inner = f"<{what}s>{''.join(page)}</{what}s>{more}"
    operation = f"Describe{what}s"
    return aws._xml(200, f"{operation}Response", f"<{operation}Result>{inner}</{operation}Result>")


def _restart_xml(record) -> str:
    due = record.get("AutomaticRestartTime")
    return f"<AutomaticRestartTime>{clock.iso(due)}</AutomaticRestartTime>" if due else ""


def _instance(request):
    name = aws._p(request, "DBInstanceIdentifier")
    instance = aws._resolve_instance(name)
    if instance is None:
        return None, aws._error("DBInstanceNotFound", f"DBInstance {name} not found.", 404)
    return instance, None


def _cluster(request):
    name = aws._p(request, "DBClusterIdentifier")
    cluster = aws._resolve_cluster_in_request_region(name)
    if cluster is None:
        return None, aws._error("DBClusterNotFoundFault", f"DBCluster {name} not found.", 404)
    return cluster, None


def _aurora_member(instance):
    if not instance.get("DBClusterIdentifier"):
        return None
    text = f"{instance['Engine']} DB instances are not eligible for stopping and starting: use their cluster."
    return aws._error("InvalidParameterCombination", text, 400)


def _not_stoppable(instance):
    """RDS user guide, stopping an instance temporarily, limitations."""
    name = instance["DBInstanceIdentifier"]
    if instance.get("ReadReplicaSourceDBInstanceIdentifier") or instance.get("ReadReplicaDBInstanceIdentifiers"):
        return _wrong_state(f"DBInstance {name} is a read replica, or has one, and cannot be stopped.")
    if instance["Engine"].startswith("sqlserver") and instance.get("MultiAZ"):
        return _wrong_state(f"DBInstance {name} is SQL Server in several zones, and cannot be stopped.")
    return _aurora_member(instance)


def _cluster_not_stoppable(cluster):
    """Aurora user guide, stopping and starting a cluster, limitations."""
    name = cluster["DBClusterIdentifier"]
    if cluster.get("EngineMode") == "serverless":
        return _wrong_cluster_state(f"DbCluster {name} is serverless v1, and cannot be stopped.")
    family, _ = aws._global_cluster_member_for_cluster(cluster)
    if family and len(family.get("GlobalClusterMembers", [])) > 1:
        return _wrong_cluster_state(f"DbCluster {name} is not the only cluster of its global database.")
    if cluster.get("ReadReplicaIdentifiers") or cluster.get("ReplicationSourceIdentifier"):
        return _wrong_cluster_state(f"DbCluster {name} has a replica in another region, or is one.")
    return None


def _not_in(instance, expected):
    status = instance["DBInstanceStatus"]
    if status == expected:
        return None
    return _wrong_state(f"Instance {instance['DBInstanceIdentifier']} is not in {expected} state, but in {status}.")


def _cluster_not_in(cluster, expected):
    status = cluster["Status"]
    if status == expected:
        return None
    name = cluster["DBClusterIdentifier"]
    return _wrong_cluster_state(f"DbCluster {name} is in {status} state but expected it to be one of {expected}.")


def _wrong_state(message):
    return aws._error("InvalidDBInstanceState", message, 400)


def _wrong_cluster_state(message):
    return aws._error("InvalidDBClusterStateFault", message, 400)


def _instance_answer(operation, instance):
    return aws._single_instance_response(f"{operation}Response", f"{operation}Result", instance)


def _cluster_answer(operation, cluster):
    inner = f"<{operation}Result><DBCluster>{aws._cluster_xml(cluster)}</DBCluster></{operation}Result>"
    return aws._xml(200, f"{operation}Response", inner)
