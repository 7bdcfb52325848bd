#!/usr/bin/env bash
# Installs from a bundle where there is no network at all, reads a page there, and searches for what stands on it.
# The network is cut by a namespace of its own (unshare; as root, or where users may make them). Usage: tools/try_offline.sh BUNDLE
set -euo pipefail
bundle=$(cd "$1" && pwd)
if [ "${EDOSSIER_OFFLINE:-}" != 1 ]; then
    cut=(unshare --net)
    [ "$(id -u)" -eq 0 ] || cut=(unshare --map-root-user --net)
    EDOSSIER_OFFLINE=1 exec "${cut[@]}" bash "$0" "$bundle"
fi

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python=${PYTHON:-python3}
# Nothing but the loopback, which is down as well.
if [ "$(awk 'NR > 2' /proc/net/dev | grep -cv '^ *lo:')" -ne 0 ]; then
    echo "The network is not cut" >&2
    exit 4
fi
# Nothing of what is installed on this machine, and of its settings, may help.
unset PYTHONPATH PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS
cd "$place"
PYTHON=$python bash "$bundle/install.sh" "$place/edossier"
edossier="$place/edossier/bin/edossier --home $place/home"
sample=$("$place/edossier/bin/python" -c 'import cli, pathlib; print(next(pathlib.Path(cli.__file__).parent.glob("sample_dossier/inbox/*/*/0001.jpg")))')
mkdir -p "$place/scan/卷一" && cp "$sample" "$place/scan/卷一/"
$edossier doctor
$edossier ingest "$place/scan" --case '临检起诉受[2031]99010123306号'
found=$($edossier search 受案登记表 --json | "$place/edossier/bin/python" -c 'import json, sys; print(json.load(sys.stdin)["total"])')
test "$found" -ge 1
echo "offline: installed, one page read, found by $found page(s)"
