"""What was held against sources that are not ours since this process began. Nothing takes any of it back."""

import collections
import os
import threading

# Requests against the models, calls against the roles, expressions against the reference: how many there were, and what was
# found of them; what a test made on purpose is among that, and is counted again by itself.
NAMES = (
    "requests", "requests_invalid", "requests_invalid_on_purpose", "calls", "calls_different", "calls_denied",
    "calls_denied_on_purpose", "calls_throttled", "calls_throttled_on_purpose", "expressions", "expressions_varied", "expressions_different",
)
# The descriptor of whoever made this process, for its last words; no business of the processes that this one makes.
_EAR = os.environ.pop("WATCHKEEPER_EAR", None)
if _EAR:
    os.set_inheritable(int(_EAR), False)

_lock = threading.Lock()
_counts = collections.Counter()


def add(name: str, number: int = 1) -> None:
    """Count."""
    assert name in NAMES, name
    with _lock:
        _counts[name] += number


def everything() -> dict:
    """All of them."""
    with _lock:
        return {name: _counts[name] for name in NAMES}


def last_words() -> None:
    """Say them to who wants to hear, when the process that made this one has ended; without waiting for anybody."""
    if _EAR and _counts["requests"]:
        os.write(int(_EAR), f"  sandbox of {os.environ.get('MINISTACK_ACCOUNT_ID')}: {_sentence()}\n".encode())


def _sentence() -> str:
    found = _counts
    parts = [
        f"{found['requests']} requests validated, {_but(found, 'requests_invalid')} invalid",
        f"{found['calls']} calls judged ({found['calls_different']} different), {_but(found, 'calls_denied')} denied",
        f"{_but(found, 'calls_throttled')} throttled",
        f"{found['expressions']} expressions evaluated and {found['expressions_varied']} variations, {found['expressions_different']} differ",
    ]
    return "; ".join(parts)


def _but(found, name) -> str:
    meant = found[f"{name}_on_purpose"]
    return f"{found[name] - meant}" + (f" (and {meant} on purpose)" if meant else "")
