#!/usr/bin/env bash
# Installs edossier from the folder that this file lies in, as `make wheels` has made it. No network is asked.
# Usage: bash install.sh [TARGET]    TARGET: the folder of the environment, ./edossier by default; made where it is missing
set -euo pipefail
bundle=$(cd "$(dirname "$0")" && pwd)
target=${1:-edossier}
python=${PYTHON:-python3}

wanted=$(cat "$bundle/python-version")
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ "$wanted" != "$found" ]; then
    echo "This bundle is for Python $wanted, and $python is $found: PYTHON=python$wanted bash install.sh" >&2
    exit 2
fi
(cd "$bundle" && sha256sum --quiet --check SHA256SUMS)

test -x "$target/bin/python" || "$python" -m venv "$target"
# No settings of this machine's pip: they may name an index that is not there.
export PIP_CONFIG_FILE=/dev/null PIP_NO_INDEX=1 PIP_FIND_LINKS="$bundle/wheels" PIP_DISABLE_PIP_VERSION_CHECK=1
"$target/bin/pip" install --quiet --no-deps --require-hashes --only-binary :all: -r "$bundle/requirements.lock"
"$target/bin/pip" install --quiet --no-deps "$bundle"/edossier-*.whl
"$target/bin/python" -m pipeline.models install --wheels "$bundle/wheels"
"$target/bin/python" -c 'import cv2' || echo "OpenCV wants system packages: libgl1 libglib2.0-0" >&2
echo "installed: $target/bin/edossier"
