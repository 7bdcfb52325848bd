"""A loop of bare PaddleOCR over decoded pages; run in our own environment, spoken to as rapidocr_loop.py is.

python bench/peers/paddleocr_loop.py MODELS
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.bare_paddleocr import bare_paddleocr  # found only now

answers = sys.stdout
sys.stdout = sys.stderr  # nothing else may come between
reader = bare_paddleocr(Path(sys.argv[1]), threads=None)
print(json.dumps({"seconds": 0, "found": ""}), file=answers, flush=True)
for line in sys.stdin:
    picture = np.load(line.strip())
    started = time.perf_counter()
    (found,) = reader.predict(picture)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "found": "\n".join(found["rec_texts"])}), file=answers, flush=True)
