#!/usr/bin/env bash
# Installs Debian packages where that is possible (root, apt-get); otherwise says what to install and goes on.
# Usage: tools/system_packages.sh PACKAGE…
set -u

missing=()
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null && exit 0
    echo "apt-get could not install: ${missing[*]}" >&2
fi
echo "Please install these system packages, e.g. as root: apt-get install ${missing[*]}" >&2
