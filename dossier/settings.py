"""The settings: one frozen model with name, default, unit and help together.

Values come, in this order, from environment variables `EDOSSIER_<NAME>`, from `settings.toml` in the home folder, and
from the defaults here. No setting must be touched for the main job. `config/settings.toml` documents every one of them
line by line; a test holds the two together.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from dossier.derived import Quality
from dossier.errors import SettingsError


class Settings(BaseSettings):
    """All settings of one home folder."""

    model_config = SettingsConfigDict(env_prefix="EDOSSIER_", frozen=True, extra="forbid")

    watch_mode: Literal["auto", "events", "polling"] = Field(
        "auto",
        description="How new files in inbox/ are noticed: events (inotify), polling (network shares), "
        "or auto: events, and polling where the folder lies on a network file system.",
    )
    settle_seconds: float = Field(
        2.0, ge=0, le=3600, description="A file must be unchanged for so many seconds before it is looked at."
    )
    incomplete_after_seconds: float = Field(
        20.0,
        ge=0,
        le=86400,
        description="A quiet file that does not decode to its end is taken as truncated after so many seconds.",
    )
    scan_interval_seconds: float = Field(
        30.0, gt=0, le=86400, description="Seconds between two full scans of inbox/, which find what events missed."
    )
    workers: int = Field(
        0, ge=0, le=256, description="Processes that read pages, each with one thread; 0 means one for each core."
    )
    worker_pages: int = Field(
        500, ge=1, le=1_000_000, description="A worker process is renewed after so many pages, to give memory back."
    )
    page_timeout_seconds: float = Field(
        120.0, gt=0, le=86400, description="A page that takes longer is stopped, tried again, and parked in the end."
    )
    ocr_engine: Literal["openvino", "paddleocr"] = Field(
        "openvino",
        description="What runs the OCR models: openvino (faster), or paddleocr (PaddleOCR on ONNX Runtime).",
    )
    pdf_quality: Quality = Field(
        "archive",
        description="Pictures in searchable PDFs: archive (the scans' own bytes), or compact (coded again, smaller).",
    )
    lease_seconds: float = Field(
        60.0,
        gt=0,
        le=86400,
        description="Work that its process has not renewed for so many seconds is taken by another.",
    )
    max_pixels: int = Field(
        400_000_000,
        ge=1_000_000,
        description="Pixels of the largest picture accepted; an A0 drawing at 300 dpi has 139 million.",
    )
    max_pages: int = Field(10_000, ge=1, description="Pages of the largest file accepted.")
    split_spreads: bool = Field(
        False,
        description="Part a picture of two pages (an opened book, two sheets side by side) into two pages, "
        "where it surely is one.",
    )
    models_dir: str = Field(
        "",
        description="Folder of the OCR models; empty means models/ in the home folder, "
        "or else those that make setup installed.",
    )
    host: str = Field("127.0.0.1", min_length=1, description="Address that the web page listens on.")
    port: int = Field(8400, ge=0, le=65535, description="Port that the web page listens on.")
    search_engine: Literal["tantivy", "elasticsearch"] = Field(
        "tantivy", description="Search engine: tantivy (in the home folder) or elasticsearch (a server)."
    )
    elasticsearch_url: str = Field("http://127.0.0.1:9200", description="Elasticsearch: the server's address.")
    elasticsearch_index: str = Field(
        "edossier", pattern=r"^[a-z][a-z0-9_-]{0,99}$", description="Elasticsearch: name of the index."
    )
    elasticsearch_api_key: SecretStr = Field(SecretStr(""), description="Elasticsearch: API key, where one is needed.")
    elasticsearch_user: str = Field("", description="Elasticsearch: user name, where no API key is used.")
    elasticsearch_password: SecretStr = Field(SecretStr(""), description="Elasticsearch: that user's password.")
    elasticsearch_ca_file: str = Field(
        "", description="Elasticsearch: file with the CA certificate of the server's TLS."
    )

    @field_validator("elasticsearch_url")
    @classmethod
    def _no_secret_in_address(cls, address: str) -> str:
        if urlsplit(address).username is not None:
            # An address is shown in messages and logs.
            raise ValueError("no user or password here: use elasticsearch_user and elasticsearch_password")
        return address

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """No `.env` and no secrets folder, so that there is one place to look."""
        return init_settings, env_settings

    def worker_count(self) -> int:
        """How many worker processes to start."""
        return self.workers or len(os.sched_getaffinity(0))


def load_settings(home: Path) -> Settings:
    """The settings of a home folder, checked.

    Raises:
        SettingsError: a value cannot work, or a name is unknown; the message names the setting and the remedy.
    """
    file = home / "settings.toml"
    values: dict[str, Any] = {}
    if file.is_file():
        try:
            values = tomllib.loads(file.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file}: {error}") from error
    overridden = {name for name in values if f"EDOSSIER_{name.upper()}" in os.environ}
    try:
        return Settings(**{name: value for name, value in values.items() if name not in overridden})
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'settings'}: {fault['msg']}" for fault in error.errors()
        )
        raise SettingsError(faults) from error
