"""Where the data is kept."""

import os
from pathlib import Path

from pydantic import BaseModel, Field, field_validator


def default_data_folder() -> Path:
    """Return the user's folder for state (XDG): the same from whichever folder one starts."""
    state = os.environ.get("XDG_STATE_HOME", "")
    try:
        base = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    except RuntimeError:  # a user without a home
        return Path("ootd-data").absolute()
    return base / "ootd"


class StorageSettings(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """Where the data is kept."""

    data_folder: Path = Field(
        default_factory=default_data_folder,
        description="Folder of the SQLite database and Triton's log. Made where it is missing; "
        "delete it and the catalogue is gone.",
    )
    database_url: str = Field(
        default="",
        description="URL of an SQLite database elsewhere, such as "
        "sqlite:////var/lib/ootd/ootd.sqlite. Empty: ootd.sqlite in the data folder.",
    )

    @field_validator("database_url")
    @classmethod
    def _is_sqlite(cls, url: str) -> str:
        scheme = url.partition(":")[0]
        if url and scheme.partition("+")[0] != "sqlite":
            raise ValueError(
                "must be an SQLite URL, such as sqlite:////var/lib/ootd/ootd.sqlite; no other "
                "database is supported"
            )
        return url
