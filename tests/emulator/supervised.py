"""Run a command that cannot outlive the caller: `python -m emulator.supervised COMMAND ARGUMENT…`.

The caller keeps this process's standard input open. When that ends, the command and all it started are killed.
"""

import subprocess
import sys

from . import parent_watchdog

if __name__ == "__main__":
    parent_watchdog.hold()
    sys.exit(subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, check=False).returncode)
