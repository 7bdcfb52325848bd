"""A loop of jdeskew over scans; run in jdeskew's own environment, spoken to in lines of JSON.

Reads a path of a picture a line; answers each with {"seconds": s, "found": degrees, counter-clockwise}.
"""

import json
import sys
import time

import cv2
from jdeskew.estimator import get_angle

print(json.dumps({"seconds": 0, "found": 0}), flush=True)
for line in sys.stdin:
    picture = cv2.imread(line.strip())
    started = time.perf_counter()
    degrees = float(get_angle(picture))
    print(json.dumps({"seconds": time.perf_counter() - started, "found": degrees}), flush=True)
