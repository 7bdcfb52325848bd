"""Says what is missing before an environment can be made; runs with whatever Python there is."""

import sys

if sys.version_info < (3, 11):
    sys.exit("Python 3.11 or newer is needed, this is %d.%d: make PYTHON=python3.11 setup" % sys.version_info[:2])
try:
    import ensurepip  # noqa: F401 -- Debian leaves it out of python3
except ImportError:
    sys.exit("Python's venv module is missing: apt-get install python3-venv")
