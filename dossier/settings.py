"""The settings: one frozen model with name, default, unit and help together.

Values come, in this order, from environment variables `EDOSSIER_<NAME>`, from `settings.toml` in the home folder, and
from the defaults here. No setting must be touched for the main job. `config/settings.toml` documents every one of them
line by line; a test holds the two together.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
import stat
import tomllib
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from dossier.citations import STANDARD_TEMPLATE, CitationTemplate
from dossier.derived import Quality
from dossier.errors import SettingsError
from dossier.viewers import ADMIN, ROLES


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
    worker_memory_bytes: int = Field(
        8_000_000_000,
        ge=2_000_000_000,
        description="Address space of a process that decodes, reads or binds; a page that takes more is stopped.",
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
    max_upload_bytes: int = Field(
        4_000_000_000, ge=1_000_000, description="Bytes of the largest file taken over the API and the web page."
    )
    disk_floor_bytes: int = Field(
        2_000_000_000,
        ge=0,
        description="Nothing more is taken in while less than so many bytes are free on the disk of the home folder; "
        "it goes on by itself when there is room.",
    )
    upload_days: float = Field(
        3.0, gt=0, le=365, description="A resumable upload that nobody has continued for so many days is removed."
    )
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
    requests_a_minute: int = Field(
        12_000,
        ge=0,
        description="Requests that one person, or one API key, may make in a minute; a search counts as four. "
        "0: without end.",
    )
    watermark: bool = Field(
        False, description="Show name and time as a faint watermark over the web page, on screen and in print."
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses of reverse proxies that are believed about where a request comes from "
        "(X-Forwarded-For), separated by commas; none by default.",
    )
    sign_in_header: str = Field(
        "",
        description="Name of the header in which a trusted proxy says who has signed in there; empty: people sign in "
        "here. The proxy must take this header away from what browsers send.",
    )
    public_address: str = Field(
        "",
        description="Address under which browsers reach the site, such as https://dossier.example; needed for OpenID "
        "Connect, and taken as the site's name.",
    )
    oidc_issuer: str = Field(
        "",
        description="OpenID Connect: the provider's issuer, letter for letter; empty: people sign in here by password.",
    )
    oidc_client_id: str = Field("", description="OpenID Connect: the name under which the provider knows this site.")
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="OpenID Connect: the secret that belongs to it; empty: there is none."
    )
    oidc_client_secret_file: str = Field(
        "", description="OpenID Connect: file in which that secret stands, in place of the setting."
    )
    oidc_claim: str = Field(
        "preferred_username",
        pattern=r"^[A-Za-z0-9_.:/-]{1,100}$",
        description="OpenID Connect: the claim of the ID token that holds the user's name here.",
    )
    oidc_role_claim: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_.:/-]{0,100}$",
        description="OpenID Connect: the claim that says who has which role, by oidc_roles; empty: roles are given "
        "here alone.",
    )
    oidc_roles: str = Field(
        "",
        description="OpenID Connect: role=value of oidc_role_claim, separated by commas; of several that fit, the "
        "first counts.",
    )
    oidc_ca_file: str = Field(
        "",
        description="OpenID Connect: file with the CA certificate of the provider's TLS, where it is none of the "
        "system's.",
    )
    audit_head_folder: str = Field(
        "",
        description="Folder to which the signed head of the audit log is exported, best on another machine; empty: "
        "audit-heads/ in the home folder.",
    )
    audit_head_hours: float = Field(
        24.0, gt=0, le=744, description="Hours between two heads of the audit log that are exported."
    )
    sample_share: float = Field(
        0.05,
        gt=0,
        le=1,
        description="Share of a volume's pages that its checker must have seen before approving it; 1: every page.",
    )
    sample_least: int = Field(
        5,
        ge=1,
        le=100_000,
        description="Pages that its checker must have seen at least, where a volume has as many.",
    )
    citation_template: str = Field(
        STANDARD_TEMPLATE,
        description="How pages are cited: words with {volume}, {kind}, {short_kind}, {number}, {numeral} of the "
        "volume, and in square brackets what stands around {pages}.",
    )
    verify_days: int = Field(
        30,
        ge=0,
        le=3650,
        description="Days within which run compares everything in the vault with its digest, a share a day, by night "
        "or while nothing else is to be done; 0: not by itself.",
    )
    search_engine: Literal["tantivy", "elasticsearch"] = Field(
        "tantivy", description="Search engine: tantivy (in the home folder) or elasticsearch (a server)."
    )
    elasticsearch_url: str = Field(
        "http://127.0.0.1:9200",
        description="Elasticsearch: the server's address; of a cluster, those of several nodes, separated by commas.",
    )
    elasticsearch_index: str = Field(
        "edossier", pattern=r"^[a-z][a-z0-9_-]{0,99}$", description="Elasticsearch: name of the index."
    )
    elasticsearch_api_key: SecretStr = Field(SecretStr(""), description="Elasticsearch: API key, where one is needed.")
    elasticsearch_user: str = Field("", description="Elasticsearch: user name, where no API key is used.")
    elasticsearch_password: SecretStr = Field(SecretStr(""), description="Elasticsearch: that user's password.")
    elasticsearch_ca_file: str = Field(
        "", description="Elasticsearch: file with the CA certificate of the server's TLS."
    )
    elasticsearch_timeout_seconds: float = Field(
        30.0, gt=0, le=3600, description="Elasticsearch: a request without an answer for so long is given up."
    )
    elasticsearch_shards: int = Field(
        1, ge=1, le=1024, description="Elasticsearch: shards of an index; of a new one, made by edossier reindex."
    )
    elasticsearch_replicas: Literal["auto"] | int = Field(
        "auto",
        description="Elasticsearch: further copies of each shard, of a new index; auto: one where there is a second "
        "node to hold it.",
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, addresses: str) -> str:
        for address in filter(None, (part.strip() for part in addresses.split(","))):
            try:
                ipaddress.ip_address(address)
            except ValueError as error:
                raise ValueError(f"{address!r} is no address in figures, such as 10.1.2.3") from error
        return addresses

    @field_validator("sign_in_header")
    @classmethod
    def _is_header_name(cls, name: str) -> str:
        if name and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name):
            raise ValueError("a header's name has letters, digits and hyphens alone")
        return name

    @model_validator(mode="after")
    def _nobody_else_says_who_has_signed_in(self) -> Self:
        if self.sign_in_header and not self.proxy_addresses():
            raise ValueError("sign_in_header: anybody could send it; name the proxy's address in trusted_proxies")
        return self

    @field_validator("public_address")
    @classmethod
    def _is_site(cls, address: str) -> str:
        if address:
            parts = _parts_of(address)
            if parts is None or parts.path not in ("", "/") or parts.query or parts.fragment:
                raise ValueError("write scheme and name alone, such as https://dossier.example")
        return address

    @field_validator("oidc_issuer")
    @classmethod
    def _is_issuer(cls, address: str) -> str:
        if address and (not is_secure_address(address) or urlsplit(address).query or urlsplit(address).fragment):
            raise ValueError("write the issuer as the provider does: https://… (http:// on this machine alone)")
        return address

    @field_validator("oidc_client_secret_file")
    @classmethod
    def _is_secret_file(cls, file: str) -> str:
        if file:
            try:
                secret = _secret_in(file)
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
                raise ValueError(f"{file}: {reason}; name a file with the secret in its first line") from error
            if not secret.isprintable() or not secret:
                raise ValueError(f"{file}: empty, or more than one line; the secret stands in its first line alone")
            _require_secret(Path(file))
        return file

    @field_validator("oidc_roles")
    @classmethod
    def _are_roles(cls, pairs: str) -> str:
        for pair in filter(None, (part.strip() for part in pairs.split(","))):
            role, _, value = pair.partition("=")
            # Whoever manages is made here: a list kept elsewhere must not be able to hand the system over.
            if role.strip() not in ROLES.keys() - {ADMIN} or not value.strip():
                known = ", ".join(sorted(ROLES.keys() - {ADMIN}))
                raise ValueError(f"{pair!r}: write role=value, such as operator=scanroom; roles: {known}")
        return pairs

    @model_validator(mode="after")
    def _whole_provider(self) -> Self:
        if not self.oidc_issuer:
            return self
        if not self.oidc_client_id:
            raise ValueError("oidc_client_id: oidc_issuer needs it; write the name that the provider has given")
        if not self.public_address:
            raise ValueError("public_address: oidc_issuer needs it; write the address under which browsers come")
        if self.oidc_client_secret.get_secret_value() and self.oidc_client_secret_file:
            raise ValueError("oidc_client_secret: leave it empty, or oidc_client_secret_file")
        if bool(self.oidc_role_claim) != bool(self.oidc_roles.strip(" ,")):
            raise ValueError("oidc_role_claim and oidc_roles: give both, or neither")
        return self

    @field_validator("audit_head_folder")
    @classmethod
    def _is_whole_path(cls, folder: str) -> str:
        if folder and not Path(folder).is_absolute():
            raise ValueError(f"{folder!r}: write the whole path, such as /srv/audit-heads")
        return folder

    @field_validator("citation_template")
    @classmethod
    def _is_template(cls, text: str) -> str:
        CitationTemplate(text)
        return text

    @field_validator("elasticsearch_url")
    @classmethod
    def _addresses_without_secrets(cls, addresses: str) -> str:
        for address in addresses.split(","):
            parts = urlsplit(address.strip())
            if parts.username is not None:
                # An address is shown in messages and logs; this one is not repeated here.
                raise ValueError("no user or password here: use elasticsearch_user and elasticsearch_password")
            try:
                port_fits = parts.port is None or parts.port > 0
            except ValueError:
                port_fits = False
            if parts.scheme not in ("http", "https") or not parts.hostname or not port_fits:
                raise ValueError(f"{address.strip()!r} is no address: write http://host:port or https://host:port")
        return addresses

    @field_validator("elasticsearch_ca_file", "oidc_ca_file")
    @classmethod
    def _is_authority(cls, file: str) -> str:
        if file:
            try:
                ssl.create_default_context(cafile=file)
            except OSError as error:  # a missing file, or (SSLError) one without a certificate
                reason = error.strerror or "not a certificate"
                raise ValueError(f"{file}: {reason}; name a file with a CA certificate in PEM form") from error
        return file

    @field_validator("elasticsearch_api_key", "elasticsearch_password", "oidc_client_secret")
    @classmethod
    def _fits_in_a_header(cls, secret: SecretStr) -> SecretStr:
        value = secret.get_secret_value()
        if not value.isprintable() or value != value.strip():
            raise ValueError("has a line break or a space at its edge, as a copied secret may have: take it out")
        return secret

    @field_validator("elasticsearch_replicas")
    @classmethod
    def _are_copies(cls, replicas: Literal["auto"] | int) -> Literal["auto"] | int:
        if isinstance(replicas, int) and not 0 <= replicas <= 20:
            raise ValueError('write "auto", or a number from 0 to 20')
        return replicas

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        key, password = self.elasticsearch_api_key.get_secret_value(), self.elasticsearch_password.get_secret_value()
        if key and (self.elasticsearch_user or password):
            raise ValueError("elasticsearch_api_key: leave it empty, or elasticsearch_user and elasticsearch_password")
        if bool(self.elasticsearch_user) != bool(password):
            raise ValueError("elasticsearch_user and elasticsearch_password: give both, or neither")
        if self.elasticsearch_ca_file and "https:" not in self.elasticsearch_url:
            raise ValueError("elasticsearch_ca_file: of no use, since elasticsearch_url is not https://")
        return self

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

    def elasticsearch_addresses(self) -> tuple[str, ...]:
        """The addresses in `elasticsearch_url`, one by one."""
        return tuple(address.strip() for address in self.elasticsearch_url.split(","))

    def proxy_addresses(self) -> tuple[str, ...]:
        """The addresses in `trusted_proxies`, one by one."""
        return tuple(filter(None, (address.strip() for address in self.trusted_proxies.split(","))))

    def site_address(self) -> str:
        """`public_address` without a slash at its end."""
        return self.public_address.rstrip("/")

    def site_names(self) -> tuple[str, ...]:
        """The name in `public_address`, under which the site answers; none where it is empty."""
        return tuple(filter(None, [urlsplit(self.public_address).hostname]))

    def oidc_secret(self) -> str:
        """The secret of `oidc_client_id`, from the setting or its file; "" where there is none."""
        file = self.oidc_client_secret_file
        return _secret_in(file) if file else self.oidc_client_secret.get_secret_value()

    def oidc_role_values(self) -> tuple[tuple[str, str], ...]:
        """The pairs of `oidc_roles`: role, value."""
        pairs = (pair.partition("=") for pair in self.oidc_roles.split(",") if pair.strip())
        return tuple((role.strip(), value.strip()) for role, _, value in pairs)

    def worker_count(self) -> int:
        """How many worker processes to start."""
        return self.workers or len(os.sched_getaffinity(0))


def is_secure_address(address: str) -> bool:
    """Whether what is sent to an address is read by nobody on the way: https, or http on this machine."""
    parts = _parts_of(address)
    return parts is not None and (parts.scheme == "https" or _is_loopback(parts.hostname or ""))


def _parts_of(address: str) -> SplitResult | None:
    """The parts of an http or https address without user and password; None where it is none."""
    try:
        parts = urlsplit(address)
        is_address = (
            parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        return None
    plain = address.isascii() and address.isprintable() and not set(address) & set(' \\"<>')
    return parts if is_address and plain and parts.username is None and parts.password is None else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _require_private(path: Path) -> None:
    """Settings name addresses, and files with secrets: nobody else may write them, or put others in their place."""
    mode = path.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise SettingsError(f"{path}: 任何人都能改写，请运行 chmod o-w / anybody may write it; run chmod o-w")


def _require_secret(path: Path) -> None:
    """What stands in a file with a secret is for its owner, and perhaps a group, whatever folder it lies in.

    Raises:
        ValueError: anybody may read or write it.
    """
    if path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ValueError(f"{path}: 含密钥，但任何人都能读写，请运行 chmod o= / open to anybody; run chmod o=")


def _secret_in(file: str) -> str:
    return Path(file).read_text("utf-8").strip()


def secret_settings() -> list[str]:
    """The names of the settings that are secret."""
    return [name for name, field in Settings.model_fields.items() if field.annotation is SecretStr]


def source_of(settings: Settings, name: str) -> Literal["environment", "file", "default"]:
    """Where the value of a setting comes from; one that the file repeats as it is by default is that default."""
    value, default = getattr(settings, name), Settings.model_fields[name].default
    if f"EDOSSIER_{name.upper()}" in os.environ:
        return "environment"
    return "default" if value == default else "file"


def load_settings(home: Path) -> Settings:
    """The settings of a home folder, checked.

    Raises:
        SettingsError: a value cannot work, or a name is unknown; the message names the setting and the remedy.
    """
    file = home / "settings.toml"
    values: dict[str, Any] = {}
    if file.is_file():
        _require_private(home)
        _require_private(file)
        try:
            values = tomllib.loads(file.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file}: {error}") from error
        if any(values.get(name) for name in secret_settings()):
            try:
                _require_secret(file)
            except ValueError as error:
                raise SettingsError(str(error)) from error
    overridden = {name for name in values if f"EDOSSIER_{name.upper()}" in os.environ}
    try:
        return Settings(**{name: value for name, value in values.items() if name not in overridden})
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'settings'}: {fault['msg']}" for fault in error.errors()
        )
        raise SettingsError(faults) from error
