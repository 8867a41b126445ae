"""Where the DNS sends users: Route 53's health checks and records, as the four ways to move traffic use them.

Amazon Route 53 developer guide, "How Amazon Route 53 determines whether a health check is healthy". A check that is
inverted, and asks a region that does not answer, is healthy: then traffic stays with the primary.
"""

import dataclasses

from ministack.services import cloudwatch, route53, s3

from . import arc, outage

_NEEDED = {
    "switch-object": ("bucket", "key"),
    "alarm": ("alarm",),
    "record": ("zone", "name"),
    "routing-control": ("primary", "standby"),
}


@dataclasses.dataclass(frozen=True)
class Side:
    """A load balancer's region, and the ECS services behind its paths."""

    region: str
    cluster: str
    paths: dict


def check(config) -> None:
    """Raises ValueError with the field when the strategy is not understood."""
    strategy = config.get("strategy") if isinstance(config, dict) else None
    if strategy not in _NEEDED:
        raise ValueError(f"field `traffic.strategy`: found {strategy!r}, expected one of {', '.join(_NEEDED)}")
    for member in _NEEDED[strategy]:
        if not isinstance(config.get(member), str) or not config[member]:
            raise ValueError(f"field `traffic.{member}`: found {config.get(member)!r}, expected text")


def choose(config: dict, sides: dict) -> tuple:
    """`primary` or `standby`, or None and why the name does not resolve. In the scope of the standby region."""
    return _STRATEGIES[config["strategy"]](config, sides)


def _switch_object(config, sides):
    bucket = s3._buckets.get(config["bucket"])
    there = bucket is not None and config["key"] in bucket["objects"]
    return ("standby" if there and not outage.lost(sides["standby"].region) else "primary"), None


def _alarm(config, _sides):
    alarm = cloudwatch._alarms.get(config["alarm"]) or cloudwatch._composite_alarms.get(config["alarm"])
    return ("standby" if alarm and alarm["StateValue"] == "ALARM" else "primary"), None


def _record(config, sides):
    name = config["name"].rstrip(".") + "."
    found = [
        record
        for record in route53._records.get(config["zone"].rsplit("/", 1)[-1], [])
        if record["Name"] == name and record["Type"] == config.get("type", record["Type"])
    ]
    failover = [record for record in found if record.get("Failover") == "PRIMARY"]
    weighted = [record for record in found if int(record.get("Weight") or 0) > 0]
    chosen = failover or sorted(weighted, key=lambda record: -int(record["Weight"]))
    if not chosen:
        return None, f"zone {config['zone']} has no record {name} that is PRIMARY or has a weight"
    identifier = chosen[0]["SetIdentifier"]
    for role, side in sides.items():
        if side.region == identifier:
            return role, None
    return None, f"record {name} with SetIdentifier {identifier}: none of the two regions has that name"


def _routing_control(config, _sides):
    for role in ("primary", "standby"):
        if arc.state(config[role]) == "On":
            return role, None
    return None, "no routing control is On"


_STRATEGIES = {
    "switch-object": _switch_object,
    "alarm": _alarm,
    "record": _record,
    "routing-control": _routing_control,
}
