"""Targets of load balancers: a healthy one for each task that runs behind a target group, unless a test says otherwise.

Elastic Load Balancing API reference, DescribeTargetHealth. Without Docker, ministack's tasks have no address, and so
its target groups no targets: here a task gets one.
"""

import ipaddress
import zlib

from ministack.services import alb, ecs

# Targets of a group whose checks fail; the reason is that of a target whose answer is not the expected one.
_UNHEALTHY = (
    "<Reason>Target.ResponseCodeMismatch</Reason>"
    "<Description>Health checks failed with these codes: [503]</Description>"
)

_task_ip = ecs._task_ip
_unhealthy = set()  # ARNs of target groups


def install() -> None:
    """Replace the address of a task, and the description."""
    ecs._task_ip = task_ip
    alb._ACTION_MAP["DescribeTargetHealth"] = describe_target_health


def reset() -> None:
    """All are healthy."""
    _unhealthy.clear()


def put(arn: str, healthy) -> None:
    """Say whether the targets of a group are healthy. Raises ValueError and LookupError."""
    if not isinstance(healthy, bool):
        raise ValueError(f"field `healthy`: found {healthy!r}, expected true or false")
    if arn not in alb._tgs:
        raise LookupError(f"target group `{arn}`: not found; there are: {', '.join(sorted(alb._tgs)) or 'none'}")
    (_unhealthy.discard if healthy else _unhealthy.add)(arn)


def task_ip(task):
    """The address of a task, made from its ARN when it has none."""
    return _task_ip(task) or str(ipaddress.ip_address(0x0A000000 + zlib.crc32(task["taskArn"].encode()) % 0xFFFFFF))


def describe_target_health(params):
    """Every target of the group, or those that are asked for."""
    arn = alb._p(params, "TargetGroupArn")
    if arn not in alb._tgs:
        return alb._error("TargetGroupNotFound", f"Target group '{arn}' not found.")
    wanted = {target["Id"] for target in alb._parse_targets_param(params)}
    state = "unhealthy" if arn in _unhealthy else "healthy"
    reason = _UNHEALTHY if arn in _unhealthy else ""
    port = alb._tgs[arn].get("Port", 80)
    members = "".join(
        f"<member><Target><Id>{target['Id']}</Id><Port>{target.get('Port', port)}</Port></Target>"
        f"<HealthCheckPort>traffic-port</HealthCheckPort>"
        f"<TargetHealth><State>{state}</State>{reason}</TargetHealth></member>"
        for target in alb._targets.get(arn, [])
        if not wanted or target["Id"] in wanted
    )
    inner = f"<TargetHealthDescriptions>{members}</TargetHealthDescriptions>"
    return alb._xml(200, "DescribeTargetHealth", inner)
