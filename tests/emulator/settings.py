"""Figures of the emulated AWS that tests may change at run time. Seconds of real time, unless the name says otherwise."""

import os

_DEFAULTS = {
    # ECS: from UpdateService to its tasks' start or stop. AWS takes tens of seconds.
    "ecs_settle_seconds": 0.3,
    # ECS: tasks that a region has room for. Fargate places no more until there is room again (Amazon ECS developer guide, service
    # event messages: "Capacity is unavailable at this time").
    "ecs_most_tasks": 4294967295,
    # ECS: how long a task is stopping. AWS waits for its containers, 30 seconds by default. 0: it stops at once.
    "ecs_stop_seconds": 0.0,
    # DynamoDB global tables: milliseconds from a write to the other replicas. AWS takes about a second.
    "replication_ms": 0.0,
    # Application Auto Scaling: from a minimum above desired to the count being lifted.
    "scaling_seconds": 0.5,
    # DynamoDB: items of a table that one BatchGetItem answers.
    "batch_get_items": 100,
    # RDS: how long a database is `starting` or `stopping`. AWS takes minutes.
    "rds_transition_seconds": 1.0,
    # Days after which AWS starts a stopped database (RDS user guide, stopping an instance temporarily).
    "rds_restart_days": 7.0,
    # RDS: manual snapshots that a region may hold, of instances and of clusters each (RDS user guide, quotas).
    "rds_snapshot_quota": 100.0,
    # Whether EventBridge rules and Scheduler schedules fire by themselves. Off: tests fire them.
    "native_schedules": False,
    # Whether metric alarms are evaluated. Off: tests set their states.
    "alarm_evaluation": False,
    # Whether EventBridge delivers each event twice, as it may.
    "duplicate_events": False,
    # Lambda: from a failed asynchronous invocation to the next try. AWS waits one minute, then two.
    "lambda_retry_seconds": 0.2,
    # Lambda: how long an event source mapping is `Enabling` or `Disabling`. AWS takes seconds.
    "mapping_seconds": 0.3,
    # Step Functions: what a second of a short wait or of a retry's interval takes.
    "wait_scale": float(os.environ.get("SFN_WAIT_SCALE", "1")),
    # Seconds of a Wait state. Shorter ones are scaled; from here on, they end by the emulated clock.
    "wait_scaled_below_seconds": 45.0,
}

_values = dict(_DEFAULTS)


def get(name: str):
    """The value in force."""
    return _values[name]


def everything() -> dict:
    """All values in force."""
    return dict(_values)


def change(changes: dict) -> None:
    """Set some values. Raises ValueError for an unknown name or a value of another type, and changes nothing then."""
    for name, value in changes.items():
        if name not in _DEFAULTS:
            raise ValueError(f"unknown setting `{name}`; known are {', '.join(sorted(_DEFAULTS))}")
        expected = bool if isinstance(_DEFAULTS[name], bool) else (int, float)
        if not isinstance(value, expected) or (expected is not bool and (isinstance(value, bool) or value < 0)):
            what = "true or false" if expected is bool else "a number, 0 or more"
            raise ValueError(f"setting `{name}`: found {value!r}, expected {what}")
    _values.update(changes)


def reset() -> None:
    """Back to the defaults."""
    _values.update(_DEFAULTS)
