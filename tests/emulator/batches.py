"""DynamoDB: BatchGetItem answers as much as fits (16 MB, API reference), and names the rest; here, after so many items."""

import json

from ministack.core.responses import json_response
from ministack.services import dynamodb as aws

from . import settings

_get = aws._batch_get_item


def install() -> None:
    """Replace ministack's, which always answers everything."""
    aws._batch_get_item = get


def get(data):
    """The first items of each table, and the keys of the others as not processed."""
    most, now, later = int(settings.get("batch_get_items")), {}, {}
    for table, asked in (data.get("RequestItems") or {}).items():
        keys = asked.get("Keys") or []
        now[table] = {**asked, "Keys": keys[:most]}
        if keys[most:]:
            later[table] = {**asked, "Keys": keys[most:]}
    if not later:
        return _get(data)
    if most == 0:
        return json_response({"Responses": {}, "UnprocessedKeys": later})
    status, headers, body = _get({**data, "RequestItems": now})
    if status != 200:
        return status, headers, body
    return status, headers, json.dumps({**json.loads(body), "UnprocessedKeys": later}).encode()
