"""The fonts that pages are printed with: those of Debian's CJK font packages, found by their file names."""

from __future__ import annotations

import functools
from pathlib import Path

from PIL import ImageFont

_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local" / "share" / "fonts")

# Face → file name and the number of the simplified Chinese face in that collection.
FACES = {
    "serif": ("NotoSerifCJK-Regular.ttc", 2),
    "serif bold": ("NotoSerifCJK-Bold.ttc", 2),
    "sans": ("NotoSansCJK-Regular.ttc", 2),
    "sans bold": ("NotoSansCJK-Bold.ttc", 2),
    "kai": ("ukai.ttc", 0),
    "ming": ("uming.ttc", 0),
    "hei": ("wqy-zenhei.ttc", 0),
}


@functools.cache
def _path(name: str) -> Path:
    for folder in _FOLDERS:
        for path in sorted(folder.rglob(name)) if folder.is_dir() else []:
            return path
    raise FileNotFoundError(
        f"{name}: install fonts-noto-cjk fonts-noto-cjk-extra fonts-arphic-ukai fonts-arphic-uming fonts-wqy-zenhei"
    )


@functools.cache
def typeface(face: str, pixels: int) -> ImageFont.FreeTypeFont:
    """The font of a face in `FACES` at a height of `pixels` an em.

    Raises:
        FileNotFoundError: its package is not installed.
    """
    name, index = FACES[face]
    return ImageFont.truetype(str(_path(name)), pixels, index=index)
