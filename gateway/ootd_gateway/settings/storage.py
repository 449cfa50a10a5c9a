"""Where the data is kept."""

from pathlib import Path

from pydantic import BaseModel, Field


class StorageSettings(BaseModel):
    """Where the data is kept."""

    data_folder: Path = Field(
        Path("ootd-data"),
        description="Folder of the SQLite database and Triton's log. Made where it is missing; "
        "delete it and the catalogue is gone.",
    )
    database_url: str = Field(
        "",
        description="SQLAlchemy URL of the database. Empty: SQLite in the data folder.",
    )
