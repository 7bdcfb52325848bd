#!/usr/bin/env bash
# Installs the peers into build/peers: from the package index and Debian's packages, nothing into our own environment.
set -eu
cd "$(dirname "$0")/../.."

bash tools/system_packages.sh tesseract-ocr tesseract-ocr-chi-sim ghostscript
peer() {  # name, requirements...
    local folder=build/peers/$1
    shift
    test -e "$folder/.installed" && return
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check "$@"
    touch "$folder/.installed"
}
peer ocrmypdf ocrmypdf==17.13.0 img2pdf
peer rapidocr rapidocr==3.10.0 onnxruntime
peer jdeskew jdeskew==0.4.2 opencv-python-headless==5.0.0.93
