"""What users see of a pair of regions, over HTTP: /_watchkeeper/site/<name>/<primary|standby|public>/<path>.

`primary` and `standby` are the load balancers of the two regions: 200 when the service behind the path runs a task, 503
when it runs none. `public` is the name in the DNS: it answers as the side to which traffic goes at the moment.
"""

import dataclasses

from ministack.core.responses import get_account_id, request_scope
from ministack.services import ecs

from . import outage, traffic

PATH = "/_watchkeeper/site/"
ROLES = ("primary", "standby")
TROUBLES = ("none", "fail", "hang")

_sites = {}  # name -> _Site
_troubles = {}  # (name, primary, standby or public) -> outage.Loss of nothing but this


@dataclasses.dataclass(frozen=True)
class _Site:
    account: str
    sides: dict  # role -> traffic.Side
    traffic: dict


def reset() -> None:
    """Forget everything."""
    _sites.clear()
    _troubles.clear()


def put(request: dict) -> dict:
    """Set up a site, and return the paths of its three faces. Raises ValueError with the field that is wrong."""
    name, regions = request.get("name"), request.get("regions")
    if not isinstance(name, str) or not name or "/" in name:
        raise ValueError(f"field `name`: found {name!r}, expected a name without slashes")
    if not isinstance(regions, dict) or set(regions) != set(ROLES):
        raise ValueError(f"field `regions`: found {regions!r}, expected primary and standby")
    sides = {role: _side(f"regions.{role}", regions[role]) for role in ROLES}
    traffic.check(request.get("traffic"))
    _sites[name] = _Site(request.get("account") or get_account_id(), sides, request["traffic"])
    return {face: f"{PATH}{name}/{face}" for face in (*ROLES, "public")}


def trouble(name: str, face: str, how: str) -> None:
    """Let one face of a site fail or hang, though nothing else is wrong. Raises LookupError and ValueError."""
    if name not in _sites:
        raise LookupError(f"site `{name}`: not found; there are: {', '.join(sorted(_sites)) or 'none'}")
    if face not in (*ROLES, "public"):
        raise ValueError(f"field `face`: found {face!r}, expected primary, standby or public")
    if how not in TROUBLES:
        raise ValueError(f"field `how`: found {how!r}, expected one of {', '.join(TROUBLES)}")
    _troubles.pop((name, face), None)
    if how != "none":
        _troubles[name, face] = outage.Loss(f"{face} of {name}", how)


async def answer(path: str) -> tuple:
    """Status and JSON answer to a request for `path`."""
    name, _, rest = path.removeprefix(PATH).partition("/")
    face, _, rest = rest.partition("/")
    site = _sites.get(name)
    if site is None or face not in (*ROLES, "public"):
        return 404, {"error": f"no site at {path}"}
    await _wait_out(name, face)
    if (name, face) in _troubles:
        return 503, {"error": f"{face} of {name} is in trouble"}
    role = face
    if face == "public":
        with request_scope(site.account, site.sides["standby"].region):
            role, why = traffic.choose(site.traffic, site.sides)
        if role is None:
            return 503, {"error": why}
        await _wait_out(name, role)
        if (name, role) in _troubles:
            return 503, {"error": f"{role} of {name} is in trouble"}
    return await _balanced(site, role, f"/{rest}")


async def _balanced(site, role, path) -> tuple:
    side = site.sides[role]
    known = {"side": role, "region": side.region}
    loss = outage.lost(side.region)
    if loss:
        await outage.over(loss)
        return 503, {**known, "error": f"{side.region} is lost"}
    service = side.paths.get(path)
    if service is None:
        return 404, {**known, "error": f"no service behind {path}"}
    with request_scope(site.account, side.region):
        found = ecs._services.get(f"{side.cluster}/{service}")
        running = found["runningCount"] if found else 0
    return (200 if running else 503), {**known, "service": service, "running": running}


async def _wait_out(name, face) -> None:
    while (found := _troubles.get((name, face))) is not None and found.how == "hang":
        await outage.pause()


def _side(field, request):
    for member in ("region", "cluster"):
        if not isinstance(request.get(member), str) or not request[member]:
            raise ValueError(f"field `{field}.{member}`: found {request.get(member)!r}, expected text")
    paths = request.get("paths")
    if not isinstance(paths, dict) or not paths or not all(path.startswith("/") for path in paths):
        raise ValueError(f"field `{field}.paths`: found {paths!r}, expected paths like /health and their services")
    return traffic.Side(request["region"], request["cluster"], dict(paths))
