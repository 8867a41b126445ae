"""The operator's window in a browser: what the CloudWatch console is for a custom widget, as far as our pages need it.

A page around the widget calls the two functions of a region's stack, and nothing else. It serves who came by this address and
port only: another site that a browser shows at the same time can neither read it nor press its buttons (`Host`, `Origin`).
"""

import asyncio
import html
import json
import os
import pathlib
from urllib.parse import parse_qs

from ministack.core.responses import get_account_id, request_scope
from ministack.services import lambda_svc as aws

PATH = "/_watchkeeper/window"
# Their outputs end so: what a page may call.
_FUNCTIONS = ("-window", "-window-act")
_FOLDER = pathlib.Path(__file__).with_name("window_page")
_SECURITY = (
    b"default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'"
)


async def answer(scope, body: bytes):
    """Status, headers and body of a request below PATH: its `function` is the ARN of the one that shows the window."""
    headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
    host = headers.get("host", "")
    own = f"127.0.0.1:{os.environ['GATEWAY_PORT']}"
    if host != own:
        return _plain(421, f"Host: found {host!r}, expected {own}")
    if headers.get("origin", f"http://{own}") != f"http://{own}":
        return _plain(403, f"Origin: found {headers['origin']!r}, expected http://{own}")
    method, place = scope["method"], scope["path"].removeprefix(PATH)
    if (method, place) == ("GET", ""):
        query = parse_qs(scope["query_string"].decode())
        return _page(query.get("function", [""])[0])
    if (method, place) == ("GET", "/shell.js"):
        return _found(b"text/javascript; charset=utf-8", (_FOLDER / "shell.js").read_bytes())
    if (method, place) == ("POST", "/call"):
        # Only what scripts may send, and forms of other sites may not.
        if headers.get("content-type") != "application/json":
            return _plain(415, f"Content-Type: found {headers.get('content-type')!r}, expected application/json")
        return await _call(json.loads(body))
    return _plain(404, f"no {method} {scope['path']}; there are: GET {PATH}, GET {PATH}/shell.js, POST {PATH}/call")


def _page(function: str):
    shell = (_FOLDER / "shell.html").read_text(encoding="utf-8")
    return _found(b"text/html; charset=utf-8", shell.replace("FUNCTION", html.escape(function)).encode())


async def _call(request):
    """What a function answers: a page as text, or its own documentation as Markdown."""
    arn = request.get("endpoint")
    if not isinstance(arn, str) or not arn.endswith(_FUNCTIONS) or arn.count(":") != 6:
        return _plain(400, f"endpoint: found {arn!r}, expected the ARN of a function of the window")
    with request_scope(get_account_id(), arn.split(":")[3]):
        function, config, name = aws._get_func_record_for_ref(arn)
        if not function or not config:
            return _plain(404, f"endpoint: function {name} does not exist")
        record = aws._execution_record_for_config(function, config)
        result = await asyncio.to_thread(aws._execute_function_with_config_scope, record, request.get("event") or {})
    said = result.get("body")
    if result.get("error"):
        return _plain(502, f"{name}: {said}")
    text = said if isinstance(said, str) else json.dumps(said)
    return _found(b"text/plain; charset=utf-8", text.encode())


def _found(kind: bytes, body: bytes):
    return 200, [(b"content-type", kind)], body


def _plain(status: int, text: str):
    return status, [(b"content-type", b"text/plain; charset=utf-8")], text.encode()


def headers_of(headers, body: bytes):
    """The headers of an answer: no script but the shell's, nothing from elsewhere, and no frame around it."""
    always = [
        (b"content-length", str(len(body)).encode()),
        (b"content-security-policy", _SECURITY),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-store"),
    ]
    return headers + always
