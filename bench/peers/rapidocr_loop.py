"""A loop of bare RapidOCR over decoded pages; run in RapidOCR's own environment, spoken to in lines of JSON.

Reads a path of an array (BGR pixels) a line; answers each with {"seconds": s, "found": text}.
"""

import json
import logging
import sys
import time

import numpy as np
from rapidocr import RapidOCR

logging.disable(logging.CRITICAL)
reader = RapidOCR(params={"Global.log_level": "critical"})
answers = sys.stdout
sys.stdout = sys.stderr  # nothing else may come between
print(json.dumps({"seconds": 0, "found": ""}), file=answers, flush=True)
for line in sys.stdin:
    picture = np.load(line.strip())
    started = time.perf_counter()
    found = reader(picture)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "found": "\n".join(found.txts or ())}), file=answers, flush=True)
