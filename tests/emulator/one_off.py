"""ECS tasks that no service keeps running: started once by a token, and over when their container is.

ministack runs containers with Docker only; without it no task ever ends, and a token means nothing to it. What a container of the
sandbox does is nobody's but its own: its task definition says it in Docker labels, `sandbox.seconds` (of the emulated clock),
`sandbox.exit-code`, and `sandbox.log`, a line for each line of the text. One without them runs on.
"""

import json

from ministack.core.responses import error_response_json as error
from ministack.core.responses import get_account_id, get_region, json_response
from ministack.services import ecs as aws

from . import clock, scheduler

_run = aws._run_task
_by_token = {}  # (account, region, token): the request, and the ARNs of its tasks


def install() -> None:
    """Replace the operation in ministack's table."""
    aws._run_task = aws._ACTION_MAP["RunTask"] = run_task


def run_task(request):
    """Amazon ECS API reference, "Ensuring idempotency": the same request with the same token starts nothing again and is answered
    as before; another one is refused."""
    token = request.get("clientToken")
    key, asked = (get_account_id(), get_region(), token), json.dumps(request, sort_keys=True)
    if token and key in _by_token:
        known, arns = _by_token[key]
        if known != asked:
            return error("ConflictException", "The provided clientToken is already in use with a different RunTask request.")
        return json_response({"tasks": [aws._sanitize(aws._tasks[arn]) for arn in arns if arn in aws._tasks], "failures": []})
    answer = _run(request)
    if answer[0] != 200:
        return answer
    arns = [task["taskArn"] for task in json.loads(answer[2])["tasks"]]
    if token:
        _by_token[key] = (asked, arns)
    for arn in arns:
        _begin(arn)
    return answer


def _begin(arn) -> None:
    task = aws._tasks[arn]
    definition = aws._task_defs.get(aws._resolve_td_key(task["taskDefinitionArn"])) or {}
    for container in definition.get("containerDefinitions", []):
        labels = container.get("dockerLabels") or {}
        if "sandbox.seconds" in labels:
            due = clock.now() + float(labels["sandbox.seconds"])
            scheduler.at(due, _end, arn, container, int(labels.get("sandbox.exit-code", "0")))


def _end(arn, container, code) -> None:
    task = aws._tasks.get(arn)
    if task is None or task["lastStatus"] != "RUNNING":
        return
    config = aws._awslogs_config(container, arn.rsplit("/", 1)[-1], "none")
    if config and aws._ensure_awslogs_stream(config):
        for line in (container["dockerLabels"].get("sandbox.log") or "").splitlines():
            aws._emit_awslogs_event(config, line)
    aws._mark_task_stopped(arn, task, "Essential container in task exited", "EssentialContainerExited", code)
