"""CloudWatch alarms: their states on the emulated clock, the events they put, and the actions they take.

`states` moves an alarm, and is the only place that does; `messages` writes what AWS would then say, `actions` delivers
it. `records` keeps what was asked for, `evaluation` compares metrics with it, and `resources` lets templates make it.
"""

from . import evaluation, records, resources, states


def install() -> None:
    """Replace ministack's functions."""
    for module in (states, records, evaluation, resources):
        module.install()
