"""Die with the parent: nothing that the sandbox starts may outlive it.

The parent holds the other end of standard input. However it ends (a normal end, Ctrl-C, `kill -9`), the kernel closes
that pipe, and the read below returns. The whole process group goes then, Lambda processes included.
"""

import os
import signal
import threading


def hold(last_words=None) -> None:
    """Become the leader of a process group, and end that group when standard input ends or a signal asks for it.

    Where standard input ends, something may be said first.
    """
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: cut())
    threading.Thread(target=_watch, args=(last_words,), name="parent_watchdog", daemon=True).start()


def cut() -> None:
    """End the process group at once. There is no state to save: the emulator lives in memory."""
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _watch(last_words) -> None:
    # The descriptor itself: a thread that waits inside sys.stdin would disturb the interpreter's own end.
    while os.read(0, 4096):
        pass
    try:
        if last_words:
            last_words()
    finally:
        cut()
