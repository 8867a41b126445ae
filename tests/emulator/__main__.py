"""Serve the emulated AWS on a free loopback port; print one JSON line with its endpoint when it can be called.

The order of the imports matters: the clock is replaced before ministack takes its functions by name, and the port is
known before ministack reads it from the environment.
"""

import contextlib
import gc
import json
import os
import socket
import sys

import uvicorn
import uvloop

from . import clock, figures, libyaml, parent_watchdog

_HOST = "127.0.0.1"
_KEEP_ALIVE = 75  # seconds
_BACKLOG = 1024  # connections
_GARBAGE = 50_000  # new objects before a look for cycles among them; with Python's 700 that took a tenth of its time


def main() -> None:
    """Take a port, patch ministack, serve until the parent goes."""
    parent_watchdog.hold(figures.last_words)
    clock.install()
    libyaml.install()
    listener = socket.create_server((_HOST, 0), backlog=_BACKLOG)
    _tell_ministack(listener.getsockname()[1])
    uvloop.run(_serve(listener))


def _tell_ministack(port: int) -> None:
    os.environ.update(
        BIND_HOST=_HOST,
        MINISTACK_HOST=_HOST,
        GATEWAY_PORT=str(port),
        EDGE_PORT=str(port),
        AWS_ENDPOINT_URL=f"http://{_HOST}:{port}",
    )
    # Lambda processes inherit this environment: what was only for this interpreter ends here.
    for name in ("PYTHONPATH", "PYTHONPYCACHEPREFIX", "PYTHONUNBUFFERED"):
        os.environ.pop(name, None)


async def _serve(listener) -> None:
    application = _patched()
    # The modules stay: nobody has to look through them for garbage again and again.
    gc.freeze()
    gc.set_threshold(_GARBAGE)

    async def announced(scope, receive, send):
        if scope["type"] == "lifespan":
            send = _announcing(send)
        await application(scope, receive, send)

    config = uvicorn.Config(
        announced, http="httptools", ws="none", lifespan="on", log_config=None, access_log=False, server_header=False,
        date_header=False, timeout_keep_alive=_KEEP_ALIVE, backlog=_BACKLOG,
    )
    await _Server(config).serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Leaves the signals to the watchdog over the parent."""

    @contextlib.contextmanager
    def capture_signals(self):
        yield


def _patched():
    from . import scheduler, alarms, arc, autoscaling, batches, caches, cbor, cloudwatch, control, domains, ecs, event_sources, events, gateway, global_tables
    from . import interpreter, invocations, lambdas, listener_rules, load_balancers, objects, one_off, queues, quotas, rds, rds_replicas, recovery, releases, replica_resources, rollouts
    from . import schedules, snapshots, stepfunctions, target_health, task_tokens, tasks, topics, waits
    from .iam import roles, services, simulator

    for module in (
        cbor, lambdas, invocations, ecs, tasks, one_off, releases, rollouts, target_health, listener_rules, load_balancers, autoscaling, rds, rds_replicas,
        global_tables, replica_resources, quotas, arc, stepfunctions, task_tokens, interpreter, waits, schedules, events, event_sources,
        cloudwatch, alarms, snapshots, recovery, batches, caches, domains, objects, queues, topics, roles, services, simulator,
    ):
        module.install()
    gateway.install()
    scheduler.start()
    return control.application


def _announcing(send):
    async def told(message):
        await send(message)
        if message["type"] == "lifespan.startup.complete":
            print(json.dumps({"endpoint": os.environ["AWS_ENDPOINT_URL"]}), flush=True)
            # Whatever prints from here on goes to the log.
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    return told


if __name__ == "__main__":
    main()
