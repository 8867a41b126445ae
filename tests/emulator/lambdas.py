"""Lambda: warm invocations without the wait of Nagle's algorithm, callers with a name, and logs that are kept."""

import os
import queue
import socketserver

from ministack.core import lambda_runtime
from ministack.core.responses import get_region
from ministack.services import lambda_svc

from . import clock, emf, outage

_worker_environment = lambda_svc._provided_worker_env
_execute_function = lambda_svc._execute_function
_pump_output = lambda_runtime.ProvidedWorker._pump_output
_drain = lambda_runtime.ProvidedWorker._drain_stderr_bounded


def install() -> None:
    """Change how ministack starts a function's process and reads its output."""
    # The runtime API answers in two small writes: without this, each warm call waits for a delayed acknowledgement.
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    socketserver.StreamRequestHandler.wbufsize = -1
    lambda_svc._provided_worker_env = worker_environment
    lambda_svc._execute_function = execute_function
    lambda_runtime.ProvidedWorker._drain_stderr_bounded = drain
    if os.environ.get("WATCHKEEPER_LOGS"):
        lambda_runtime.ProvidedWorker._pump_output = pump_output


def execute_function(function, event):
    """In a region that is lost, none begins: as one that is throttled, an event is tried again later."""
    if outage.here():
        return lambda_svc._throttle_response("CallerRateLimitExceeded", f"{get_region()} is lost")
    return _execute_function(function, event)


def worker_environment(config, code_dir, port):
    """The function's name goes into its SDK's user agent, so that the record knows who called."""
    environment = _worker_environment(config, code_dir, port)
    environment.setdefault("AWS_SDK_UA_APP_ID", config["FunctionName"][:50])
    environment["AWS_EXECUTION_ENV"] = outage.ORIGIN + environment["AWS_REGION"]
    # Functions that run on the host get no layers at /opt: the sandbox's folder takes the place of the layer's.
    if "ESTATES_DIR" in os.environ:
        environment["ESTATES_DIR"] = os.environ["ESTATES_DIR"]
    return environment


def drain(worker, **limits):
    """The lines that are there: no answer of a function waits for more of them. Only a failed start does, to say why."""
    return _drain(worker, **limits) if limits else worker._drain_stderr()


def pump_output(worker, stream, log_queue):
    """Write a function's output to its own file too, each line with the emulated time; and find its metrics."""
    path = os.path.join(os.environ["WATCHKEEPER_LOGS"], f"{worker.func_name}.log")
    with open(path, "a", encoding="utf-8", buffering=1) as log:
        _pump_output(worker, stream, _Tee(log_queue, log, worker.config))


class _Tee:
    """A queue whose lines are also written to a file, and whose metrics go to CloudWatch."""

    def __init__(self, lines: queue.Queue, log, config: dict):
        self._lines = lines
        self._log = log
        self._config = config

    def put_nowait(self, line):
        self._log.write(f"{clock.iso(clock.now())} {line}\n")
        emf.take(self._config, line)
        self._lines.put_nowait(line)

    def get_nowait(self):
        return self._lines.get_nowait()
