"""Takes `openvino_telemetry` out of lock files: OpenVINO works without it, and nothing here is to report anywhere.

python tools/without_telemetry.py LOCK_FILE...
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_ENTRY = re.compile(r"^openvino-telemetry==.*\n(?:[ ]+.*\n)*", re.MULTILINE)

for name in sys.argv[1:]:
    lock = Path(name)
    lock.write_text(_ENTRY.sub("", lock.read_text("utf-8")), "utf-8")
