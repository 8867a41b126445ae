"""What users of a load balancer see over HTTP, at NAME.REGION.alb.localhost; and load balancers under the ARNs of a document.

ministack answers for load balancers of its own region alone, and gives out ids by chance: a document that names a rule and a
target group has theirs already.
"""

import contextlib
from urllib.parse import parse_qs

from ministack.core.responses import StreamingResponse, get_account_id, request_scope
from ministack.services import alb

from . import invocations

_SUFFIX = ".alb.localhost"
_LISTENER_PORT = 80

_short_id = alb._short_id
_ordered = []  # ids that are given out before those of chance


def install() -> None:
    """Let ids be ordered."""
    alb._short_id = lambda: _ordered.pop(0) if _ordered else _short_id()


def is_asked(scope) -> bool:
    """Whether a request is one to a load balancer."""
    return _host(scope).partition(":")[0].endswith(_SUFFIX)


async def answer(scope, body: bytes, receive, send) -> None:
    """The answer of the rule that matches. Lambda targets are called, and targets with an address are asked there."""
    name, _, region = _host(scope).partition(":")[0].removesuffix(_SUFFIX).partition(".")
    headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    with request_scope(get_account_id(), region):
        balancer = alb._find_lb_by_name(name)
        if balancer is None:
            return await _send(send, receive, 404, {"content-type": "text/plain"}, f"no load balancer {name} in {region}\n".encode())
        status, answered, text = await alb.dispatch_request(
            balancer, scope["method"], scope["path"], headers, body, parse_qs(query, keep_blank_values=True), _LISTENER_PORT,
            client_ip="127.0.0.1", raw_query_string=query, raw_path=scope["raw_path"].decode("latin-1"),
        )
    return await _send(send, receive, status, answered, text)


async def _send(send, receive, status, headers, text) -> None:
    lines = [
        (name.lower().encode("latin-1"), one.encode("latin-1"))
        for name, value in headers.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    if isinstance(text, StreamingResponse):
        await send({"type": "http.response.start", "status": status, "headers": lines})
        return await text.runner(send, receive)
    lines = [line for line in lines if line[0] != b"content-length"] + [(b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": text})


def _host(scope) -> str:
    return next((value.decode("latin-1").lower() for key, value in scope["headers"] if key == b"host"), "")


def put(request) -> str:
    """Make the load balancer of a rule under its ARN, or put it back: the rule forwards to the application's address, and the page's
    target group has the function. Returns the host at which it answers. Raises ValueError."""
    rule, page, function, host, port = (request.get(key) for key in ("rule", "page", "function", "host", "port"))
    if not isinstance(rule, str) or rule.count("/") != 5:
        raise ValueError(f"field `rule`: found {rule!r}, expected the ARN of a listener's rule")
    if not isinstance(page, str) or page.count("/") != 2:
        raise ValueError(f"field `page`: found {page!r}, expected the ARN of a target group")
    # AWS lets nobody register a function that the load balancer may not call.
    problem = invocations.obstacle(function, "elasticloadbalancing.amazonaws.com", page)
    if problem:
        raise ValueError(f"field `function`: {problem[1]}")
    name, balancer, listener, number = rule.split("/")[2:]
    group, group_id = page.split("/")[1:]
    if rule not in alb._rules:
        _make("CreateLoadBalancer", [balancer], {"Name": name, "Subnets.member.1": "subnet-1", "Subnets.member.2": "subnet-2"})
        vpc = {"Protocol": "HTTP", "Port": "80", "VpcId": "vpc-1", "TargetType": "ip"}
        _make("CreateTargetGroup", [group_id[::-1]], {"Name": f"{name}-web", **vpc})
        _make("CreateTargetGroup", [group_id], {"Name": group, "TargetType": "lambda"})
        nothing = {"Type": "fixed-response", "FixedResponseConfig.StatusCode": "404"}
        arn = rule.split(":listener-rule/")[0] + f":loadbalancer/app/{name}/{balancer}"
        of = {"LoadBalancerArn": arn, "Protocol": "HTTP", "Port": str(_LISTENER_PORT)}
        _make("CreateListener", [listener], {**of, **_actions("DefaultActions", nothing)})
        tag = {"Tags.member.1.Key": "watchkeeper:managed", "Tags.member.1.Value": "true"}
        all_paths = {"Conditions.member.1.Field": "path-pattern", "Conditions.member.1.Values.member.1": "/*"}
        arn = rule.rsplit("/", 1)[0].replace(":listener-rule/", ":listener/")
        forward = _actions("Actions", {"Type": "forward", "TargetGroupArn": _application(page, name, group_id)})
        _make("CreateRule", [number], {"ListenerArn": arn, "Priority": "1", **all_paths, **forward, **tag})
    application = _application(page, name, group_id)
    alb._targets[application] = [{"Id": host, "Port": int(port)}]
    alb._targets[page] = [{"Id": function}]
    _make("ModifyRule", [], {"RuleArn": rule, **_actions("Actions", {"Type": "forward", "TargetGroupArn": application})})
    return f"{name}.{page.split(':')[3]}{_SUFFIX}"


def _application(page: str, name: str, group_id: str) -> str:
    return f"{page.rsplit('/', 2)[0]}/{name}-web/{group_id[::-1]}"


def _actions(prefix: str, action) -> dict:
    return {f"{prefix}.member.1.{key}": value for key, value in action.items()}


def _make(action: str, ids, params) -> None:
    _ordered[:] = ids
    with contextlib.ExitStack() as left:
        left.callback(_ordered.clear)
        status, _, text = alb._ACTION_MAP[action](params)
    if status != 200:
        raise ValueError(f"{action}: {text.decode() if isinstance(text, bytes) else text}")
