"""Runs the migrations on an open connection, in its transaction. Loaded only when something is to be migrated."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect

FOLDER = Path(__file__).parent / "migrations"

FIRST = "0001"


def config() -> Config:
    """Tell Alembic where the migrations are; there is no ini file, so `alembic` needs no working directory."""
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return settings


def upgrade(connection: Connection) -> None:
    """Bring a database to the newest schema; one that was made before there were migrations begins at the first."""
    settings = config()
    settings.attributes["connection"] = connection
    inspector = inspect(connection)
    if inspector.has_table("submissions") and not inspector.has_table("alembic_version"):
        command.stamp(settings, FIRST)
    command.upgrade(settings, "head")
