"""ECS tasks that take time to stop, and tasks of a region that is lost.

Amazon ECS developer guide, "Amazon ECS task lifecycle": a task that stops has the desired status STOPPED, and its last
status is STOPPING until its containers have ended. It is still alive then, though its service counts it no longer.
"""

from ministack.core.concurrency import resource_lock
from ministack.core.responses import request_scope
from ministack.services import ecs as aws

from . import scheduler, clock, outage, settings

_mark_stopped = aws._mark_task_stopped


def install() -> None:
    """Replace how tasks end."""
    aws._mark_task_stopped = mark_stopped
    outage.on_change(_region_changed)


def mark_stopped(arn, task, reason, stop_code, exit_code=None):
    """STOPPED at once, or after the setting `ecs_stop_seconds`."""
    seconds = settings.get("ecs_stop_seconds")
    if not seconds:
        return _mark_stopped(arn, task, reason, stop_code, exit_code)
    with resource_lock("ecs-task", arn):
        if not aws._task_is_active(arn, task):
            return False
        aws._bump_task_version(task)
        task.update(desiredStatus="STOPPED", lastStatus="STOPPING", stoppedReason=reason, stopCode=stop_code)
        task["stoppingAt"] = clock.iso(clock.now())
    cluster = aws._cluster_name_from_arn(task["clusterArn"])
    aws._recount_cluster(cluster)
    aws._refresh_service_state(cluster, task.get("group", ""))
    scheduler.after(seconds, _end, arn, task, reason, stop_code, exit_code)
    return True


def _end(arn, task, reason, stop_code, exit_code) -> None:
    if task["lastStatus"] == "STOPPED":
        return
    # What is on its way to STOPPED counts as ended already, for ministack.
    task["desiredStatus"] = "RUNNING"
    _mark_stopped(arn, task, reason, stop_code, exit_code)


def _region_changed(loss, is_lost) -> None:
    if loss.tasks != "gone":
        return
    store = aws._tasks if is_lost else aws._services
    for (account, region, key), record in list(store._data.items()):
        if region != loss.region:
            continue
        with request_scope(account, region):
            if is_lost:
                _end(key, record, "The region was lost.", "ServiceSchedulerInitiated", None)
            else:
                # Services start what is missing, as they do whenever a task is gone.
                aws._reconcile_service_tasks(key.rsplit("/", 1)[0], key)
