"""What an operator may set: `dtsen.yaml` in the home, overridden by environment `DTSEN_…`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from mdm.errors import RuleError
from mdm.hub.dialect import Pool
from mdm.settings.access import Access, AccessSettings
from reference.documents import faults, read_yaml, unreadable

FILE = "dtsen.yaml"
UNFINISHED = "dtsen.new"  # what a killed `dtsen init` may leave of it
PREFIX = "DTSEN_"


class Settings(BaseModel):
    """Every setting, with its default. Unknown keys are refused: typing errors must show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    home: Path = Field(exclude=True)
    database_url: str = Field(default="", repr=False)  # empty: hub.db in the home
    pool_size: int = Field(default=5, ge=1)  # connections to the database, kept open
    pool_overflow: int = Field(default=10, ge=0)  # more, while they are needed
    pool_wait: float = Field(default=30, gt=0)  # seconds for one, when all are in use
    statement_timeout: float = Field(default=60, ge=0)  # seconds; 0: none. PostgreSQL counts them
    lock_timeout: float = Field(default=10, ge=0)
    idle_timeout: float = Field(default=300, ge=0)  # of a transaction that does nothing
    memory_limit: str = "4GB"  # what the columnar engine may use
    threads: int | None = Field(default=None, ge=1)
    spill: Path | None = None  # only a directory that the operator declares encrypted
    key_file: Path | None = None  # None: keys/root.key in the home
    key_provider: Literal["file", "vault"] = "file"
    vault_address: str = ""  # https://host:8200, of OpenBao or Vault
    vault_mount: str = "transit"
    vault_key: str = "dtsen"
    vault_token_file: Path | None = None
    vault_namespace: str | None = None
    vault_ca_file: Path | None = None
    shred_list: Path | None = None  # None: shredded.list in the home; better on another disk
    access: Access = Field(default_factory=AccessSettings)

    @field_validator("memory_limit")
    @classmethod
    def _size(cls, value: str) -> str:
        if not re.fullmatch(r"\d+(\.\d+)?\s*([KMGT]i?B|%)", value):
            raise ValueError("write a size such as 4GB or 800MB")
        return value

    @field_validator("spill", "key_file", "shred_list", "vault_token_file", "vault_ca_file")
    @classmethod
    def _whole_path(cls, value: Path | None) -> Path | None:
        # Commands are called, and services started, in any folder: a path that begins there is another one each time.
        if value is None:
            return None
        whole = Path(os.path.expanduser(value))  # noqa: PTH111 - Path's own raises for `~nobody`
        if not whole.is_absolute():
            raise ValueError("write the whole path, from / on")
        return whole

    @model_validator(mode="after")
    def _whole_vault(self) -> Self:
        if self.key_provider == "vault" and not (self.vault_address and self.vault_token_file):
            raise ValueError("key_provider vault needs vault_address and vault_token_file")
        return self

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.home / 'hub.db'}"

    @property
    def pool(self) -> Pool:
        """How the database is connected to."""
        return Pool(
            size=self.pool_size,
            overflow=self.pool_overflow,
            wait=self.pool_wait,
            statement=self.statement_timeout,
            lock=self.lock_timeout,
            idle=self.idle_timeout,
        )

    @property
    def root_key(self) -> Path:
        """Where the root key file is."""
        return self.key_file or self.home / "keys" / "root.key"

    @property
    def lake(self) -> Path:
        """Where the lake's files are."""
        return self.home / "lake"


def load_settings(home: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings of a home: document, then environment. RuleError names the wrong key."""
    values = _document(home / FILE)
    environ = os.environ if environ is None else environ
    for name in Settings.model_fields:
        text = environ.get(PREFIX + name.upper())
        if text and name != "home":
            values[name] = text
    return make_settings(home, values)


def make_settings(home: Path, values: Mapping[str, Any]) -> Settings:
    """Checked settings from plain values."""
    try:
        return Settings(**{**values, "home": home.resolve()})
    except ValidationError as error:
        # Values stay out of the message: a database URL may carry a password.
        raise RuleError(
            f"The settings cannot be read: {faults(error)}.", f"Mend {FILE} or {PREFIX}…."
        ) from None


def write_settings(settings: Settings) -> None:
    """Write the document, readable by its owner only (a database URL may carry a password)."""
    text = yaml.safe_dump(settings.model_dump(mode="json", exclude_defaults=True), sort_keys=True)
    path = settings.home / FILE
    temporary = settings.home / UNFINISHED
    try:
        temporary.touch(mode=0o600)
        temporary.write_text(
            "# Settings of this DTSEN Hub.\n" + ("" if text == "{}\n" else text), "utf-8"
        )
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _document(path: Path) -> dict[str, Any]:
    try:
        values = read_yaml(path.read_text("utf-8")) or {}
    except FileNotFoundError:
        return {}
    except OSError:
        raise RuleError(f"{path.name} cannot be read.", "Check the rights of the file.") from None
    except UnicodeDecodeError:
        raise RuleError(f"{path.name} is not UTF-8.", "Mend the file.") from None
    except yaml.YAMLError as error:
        raise RuleError(f"{path.name} {unreadable(error)}.", "Mend the file.") from None
    if not isinstance(values, dict) or "home" in values:
        raise RuleError(
            f"{path.name} must name settings, each as `name: value`, and not 'home'.",
            "docs/service.md lists them.",
        )
    return values
