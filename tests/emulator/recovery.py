"""DynamoDB: point-in-time recovery since when it was turned on, and tables that take time to be restored.

ministack tells the present as the whole window, restores at once, and forgets from what. What it restores to an instant is
the table as it is now: nothing here keeps the past of an item.
"""

import json

from ministack.services import dynamodb as aws

from . import scheduler, clock, settings

_describe = aws._describe_continuous_backups
_update = aws._update_continuous_backups
_from_backup = aws._restore_table_from_backup
_to_instant = aws._restore_table_to_point_in_time
_description = None


def install() -> None:
    """Replace ministack's functions."""
    global _description
    # Taken now, and not when this is imported: another module may have replaced it before.
    _description = aws._table_description
    aws._describe_continuous_backups = describe
    aws._update_continuous_backups = update
    aws._restore_table_from_backup = lambda data: _restoring(_from_backup(data), data)
    aws._restore_table_to_point_in_time = to_instant
    aws._table_description = description


def update(data):
    """Notes since when recovery is on."""
    answer = _update(data)
    if answer[0] == 200:
        record = aws._tables[aws._normalize_table_name(data["TableName"])]
        on = data["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        if not on:
            record.pop("_recovery_since", None)
        else:
            record.setdefault("_recovery_since", int(clock.now()))
    return answer


def describe(data):
    """The window begins when recovery was turned on."""
    status, headers, body = _describe(data)
    if status != 200:
        return status, headers, body
    answer = json.loads(body)
    recovery = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    if recovery["PointInTimeRecoveryStatus"] == "ENABLED":
        record = aws._tables[aws._normalize_table_name(data["TableName"])]
        recovery["EarliestRestorableDateTime"] = record.setdefault("_recovery_since", int(clock.now()))
        recovery["LatestRestorableDateTime"] = int(clock.now())
    return status, headers, json.dumps(answer).encode()


def to_instant(data):
    """Refused where recovery is off."""
    name = data.get("SourceTableName")
    if name in aws._tables and not aws._pitr_settings.get(name):
        text = f"Point in time recovery is not enabled for table {name}"
        return aws.error_response_json("PointInTimeRecoveryUnavailableException", text, 400)
    return _restoring(_to_instant(data), data)


def description(name):
    """With what it was restored from."""
    told = _description(name)
    summary = aws._tables[name].get("RestoreSummary")
    if summary:
        told["RestoreSummary"] = summary
    return told


def _restoring(answer, data):
    """`CREATING`, and `ACTIVE` a moment later."""
    if answer[0] != 200:
        return answer
    record = aws._tables[data["TargetTableName"]]
    record["TableStatus"] = "CREATING"
    scheduler.after(settings.get("rds_transition_seconds"), _ready, record)
    return answer


def _ready(record) -> None:
    if record["TableStatus"] == "CREATING":
        record["TableStatus"] = "ACTIVE"
    if record.get("RestoreSummary"):
        record["RestoreSummary"]["RestoreInProgress"] = False
