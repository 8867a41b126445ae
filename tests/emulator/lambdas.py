"""Lambda: warm invocations without the wait of Nagle's algorithm, callers with a name, and logs that are kept."""

import os
import queue
import socketserver

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from . import clock

_worker_environment = lambda_svc._provided_worker_env
_pump_output = lambda_runtime.ProvidedWorker._pump_output


def install() -> None:
    """Change how ministack starts a function's process and reads its output."""
    # The runtime API answers in two small writes: without this, each warm call waits for a delayed acknowledgement.
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    socketserver.StreamRequestHandler.wbufsize = -1
    lambda_svc._provided_worker_env = worker_environment
    if os.environ.get("WATCHKEEPER_LOGS"):
        lambda_runtime.ProvidedWorker._pump_output = pump_output


def worker_environment(config, code_dir, port):
    """The function's name goes into its SDK's user agent, so that the record knows who called."""
    environment = _worker_environment(config, code_dir, port)
    environment.setdefault("AWS_SDK_UA_APP_ID", config["FunctionName"][:50])
    # Functions that run on the host get no layers at /opt: the sandbox's folder takes the place of the layer's.
    if "ESTATES_DIR" in os.environ:
        environment["ESTATES_DIR"] = os.environ["ESTATES_DIR"]
    return environment


def pump_output(worker, stream, log_queue):
    """Write a function's output to its own file too, each line with the emulated time."""
    path = os.path.join(os.environ["WATCHKEEPER_LOGS"], f"{worker.func_name}.log")
    with open(path, "a", encoding="utf-8", buffering=1) as log:
        _pump_output(worker, stream, _Tee(log_queue, log))


class _Tee:
    """A queue whose lines are also written to a file."""

    def __init__(self, lines: queue.Queue, log):
        self._lines = lines
        self._log = log

    def put_nowait(self, line):
        self._log.write(f"{clock.iso(clock.now())} {line}\n")
        self._lines.put_nowait(line)

    def get_nowait(self):
        return self._lines.get_nowait()
