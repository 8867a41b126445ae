"""The JSONata expressions that were evaluated, with what they saw and what they gave, for the reference to judge."""

import contextvars
import functools
import hashlib
import json
import re
import threading
import time

from jsonata.functions import Functions
from jsonata.parser import Parser
from jsonata.timebox import Timebox
from ministack.services import stepfunctions as aws

from . import clock

# Of each expression: enough for all its branches, and not for each look of a loop.
_MOST = 100
_NAME = re.compile(r"\$([A-Za-z_]\w*)")
_SEEN_BY_STATES = ("input", "result", "errorOutput", "context")

_evaluate = aws._evaluate_jsonata
_string = Functions._string
_register = aws._register_sfn_jsonata_functions
_parse = Parser.parse
_now = contextvars.ContextVar("now")
_lock = threading.Lock()
_seen = {}  # expression -> digests of what it saw
_fresh = []  # what has been seen since the last time that somebody asked


def install() -> None:
    """Fix the instant of an evaluation, show it the context that AWS shows, and record. An evaluation's second is its own:
    what other threads do in it does not count, so a busy machine fails nothing. A text is parsed once."""
    aws._evaluate_jsonata = evaluate
    aws._register_sfn_jsonata_functions = register
    Functions._string = staticmethod(text)
    # A parser keeps its place in itself, so each text has its own; a tree is only read.
    Parser.parse = lambda _, *text: parsed(*text)
    Timebox.current_milli_time = staticmethod(lambda: round(time.thread_time() * 1000))


@functools.cache
def parsed(*text):
    """The tree of an expression, parsed once for all its evaluations."""
    return _parse(Parser(), *text)


def mute() -> None:
    """Record nothing."""
    global _record
    _record = lambda _line: None  # noqa: E731


def register(expression) -> None:
    """With one instant for all of an expression, as JSONata has it."""
    _register(expression)
    expression.register_lambda("now", lambda: _now.get())


def text(value, prettify) -> str:
    """`$string` of what is no text: letters beyond ASCII stay as they are, as in the reference implementation."""
    form = {"indent": "  "} if prettify else {"separators": (",", ":")}
    plain = _string(value, prettify)
    return json.dumps(json.loads(plain), ensure_ascii=False, **form) if "\\u" in plain else plain


def evaluate(expression, raw_input, ctx=None, result=None, error_output=None):
    """As ministack does. The context object is AWS's: without variables and language."""
    context = _Context(ctx or {})
    states = {"input": raw_input, "result": result, "errorOutput": error_output, "context": context}
    line = {"now": clock.iso(clock.now()), **_place(context), **_sight(expression, context.variables, states)}
    try:
        value = _evaluated(line["now"], expression, context, states)
    except aws._ExecutionError as problem:
        _record({**line, "error": problem.cause})
        raise
    _record({**line, "value": value})
    return value


def outcome(line: dict) -> dict:
    """What this engine gives for what a line says was seen. Nothing is recorded."""
    context = _Context({**line["states"].get("context", {}), "variables": line["variables"]})
    try:
        return {"value": _evaluated(line["now"], line["expression"], context, line["states"])}
    except aws._ExecutionError as problem:
        return {"error": problem.cause}


def take() -> list:
    """What was evaluated and not taken yet; what an expression had seen before is not told again."""
    with _lock:
        taken = list(_fresh)
        _fresh.clear()
    return taken


def _evaluated(now, expression, context, states):
    token = _now.set(now)
    try:
        return _json(_evaluate(expression, states.get("input"), context, states.get("result"), states.get("errorOutput")))
    finally:
        _now.reset(token)


def _json(value):
    """What JSON can say. A function is none: a built-in one, where a variable of its name has no value."""
    try:
        json.dumps(value)
    except TypeError:
        text = "The JSONata expression returned an unsupported result type."
        raise aws._ExecutionError("States.QueryEvaluationError", text) from None
    return value


def _place(context) -> dict:
    return {"machine": context.get("StateMachine", {}).get("Name"), "state": context.get("State", {}).get("Name")}


def _sight(expression, variables, states) -> dict:
    """What an expression can see of the world: only what it names."""
    named = set(_NAME.findall(expression))
    # What is not there in a state is null for ministack; AWS has no such member.
    seen = {part: states[part] for part in _SEEN_BY_STATES if f"$states.{part}" in expression}
    return {
        "expression": expression,
        "variables": {name: value for name, value in variables.items() if name in named},
        "states": {part: value for part, value in seen.items() if value is not None or part == "input"},
    }


def _record(line) -> None:
    seen_by = {key: line[key] for key in ("expression", "variables", "states")}
    digest = hashlib.sha1(json.dumps(seen_by, sort_keys=True, default=str).encode()).digest()
    with _lock:
        known = _seen.setdefault(line["expression"], set())
        if digest not in known and len(known) < _MOST:
            known.add(digest)
            # Copied, for what was seen lives on.
            _fresh.append(json.loads(json.dumps(line)))


class _Context(dict):
    """The context object as AWS shows it. ministack takes the variables from it too, which no expression sees there."""

    def __init__(self, ctx):
        super().__init__({name: value for name, value in ctx.items() if name not in ("variables", "QueryLanguage")})
        self.variables = dict(ctx.get("variables", {}))

    def __bool__(self):
        # An empty one would be taken for none, and its variables with it.
        return True

    def get(self, name, default=None):
        return self.variables if name == "variables" else super().get(name, default)
