"""Run a command to its end, and print what it took of the machine, as one line of JSON."""

import json
import resource
import subprocess
import sys
import time

began = time.monotonic()
status = subprocess.run(sys.argv[1:], stdout=sys.stderr, check=False).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"seconds": time.monotonic() - began, "cpu_seconds": used.ru_utime + used.ru_stime, "status": status}))
