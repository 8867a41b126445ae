"""DynamoDB global tables: replication that takes time, stops at a lost region, and lets the last writer win.

Amazon DynamoDB developer guide, "How DynamoDB global tables work": replication is asynchronous, and of writes to the
same item in several regions the latest one stays. Here, latest is by the order in which they were made.
"""

import asyncio
import copy
import dataclasses
import itertools
import threading

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import dynamodb as aws

from . import scheduler, outage, settings

# Amazon DynamoDB API reference, ReplicaDescription.
STATUSES = (
    "CREATING", "CREATION_FAILED", "UPDATING", "DELETING", "ACTIVE", "REGION_DISABLED",
    "INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVING", "ARCHIVED", "REPLICATION_NOT_AUTHORIZED",
)

_handle_request = aws.handle_request
_table_description = None

_lock = threading.RLock()
_order = itertools.count(1)
_latest = {}  # (account, region, table, key) -> the number of the write that stands there
_backlog = []  # (write, the region that has not got it)
_loop = None  # where ministack works on tables: a write in between would be lost to a condition that was just checked
_statuses = {}  # (account, region, table) -> status of the replica


@dataclasses.dataclass(frozen=True)
class _Write:
    """What became of an item: `item` is None when it was deleted."""

    number: int
    account: str
    home: str
    table: str
    key: tuple
    item: dict | None
    before: dict | None


async def handle_request(*call):
    """As ministack does; and note where."""
    global _loop
    _loop = asyncio.get_running_loop()
    return await _handle_request(*call)


def install() -> None:
    """Replace the replication, and the description of replicas."""
    aws.handle_request = handle_request
    aws._replicate_write = replicate
    # Taken now, and not when this is imported: another module may have replaced it before.
    global _table_description
    _table_description = aws._table_description
    aws._table_description = table_description
    outage.on_change(_region_changed)


def reset() -> None:
    """Forget everything."""
    with _lock:
        _latest.clear()
        _backlog.clear()
        _statuses.clear()


def put_status(account: str, region: str, table: str, status: str) -> None:
    """Say what the replica of `table` in `region` is described as. Raises ValueError and LookupError."""
    if status not in STATUSES:
        raise ValueError(f"field `status`: found {status!r}, expected one of {', '.join(STATUSES)}")
    found = aws._tables.get_scoped(account, region, table)
    if found is None or not aws._replica_group(found):
        raise LookupError(f"table `{table}` has no replica in {region}")
    _statuses[account, region, table] = status


def table_description(name):
    """Replicas with their status and their indexes."""
    described = _table_description(name)
    account = get_account_id()
    for replica in described.get("Replicas", []):
        region = replica["RegionName"]
        replica["ReplicaStatus"] = _statuses.get((account, region, name), "ACTIVE")
        table = aws._tables.get_scoped(account, region, name) or {}
        indexes = [{"IndexName": index["IndexName"]} for index in table.get("GlobalSecondaryIndexes") or []]
        if indexes:
            replica["GlobalSecondaryIndexes"] = indexes
    return described


def replicate(table, _event_name, old_item, new_item):
    """Send a write to the other replicas."""
    regions = aws._replica_group(table)
    if not regions:
        return
    item = new_item if new_item is not None else old_item
    sort = aws._extract_key_val(item.get(table["sk_name"])) if table["sk_name"] else "__no_sort__"
    key = (aws._extract_key_val(item.get(table["pk_name"])), sort)
    account, home, name = get_account_id(), get_region(), table["TableName"]
    with _lock:
        write = _Write(next(_order), account, home, name, key, copy.deepcopy(new_item), copy.deepcopy(old_item))
        _latest[account, home, name, key] = write.number
    delay = settings.get("replication_ms") / 1000
    for region in regions:
        if region == home:
            continue
        if delay:
            scheduler.after(delay, _loop.call_soon_threadsafe, _arrive, write, region)
        else:
            _arrive(write, region)


def _arrive(write, region) -> None:
    with _lock:
        if outage.severed(write.home, region):
            _backlog.append((write, region))
            return
        place = (write.account, region, write.table, write.key)
        if _latest.get(place, 0) > write.number:
            return
        _latest[place] = write.number
        with request_scope(write.account, region):
            _apply(write)


def _apply(write) -> None:
    replica = aws._tables.get(write.table)
    if replica is None:
        return
    previous = replica["items"].get(write.key[0], {}).get(write.key[1])
    if write.item is None:
        if previous is None:
            return
        aws._remove_item(replica, *write.key)
        event = "REMOVE"
    else:
        aws._set_item(replica, *write.key, copy.deepcopy(write.item))
        event = "MODIFY" if previous else "INSERT"
    aws._emit_stream_event(write.table, event, previous, copy.deepcopy(write.item), replicate=False)


def _region_changed(_loss, is_lost) -> None:
    if is_lost:
        return
    with _lock:
        waiting = sorted(_backlog, key=lambda entry: entry[0].number)
        _backlog.clear()
        for write, region in waiting:
            _arrive(write, region)
