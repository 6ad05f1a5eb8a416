"""Everything Safar reads from its environment, read once at start."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.core.errors import SettingsError
from engine.core.refusals import refused

DEVELOPMENT_KEY = "development-only-key-change-me"


class Settings(BaseSettings):
    """The installation's settings; tenants' own settings live in the database.

    `database_url` and `redis_url` stay empty when the embedded servers are used: whoever starts them
    (the supervisor, a test session) exports their addresses to the processes below it.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    database_url: str = Field("", alias="DATABASE_URL")
    redis_url: str = Field("", alias="REDIS_URL")
    port: int = Field(3000, alias="SAFAR_PORT", ge=1, le=65535)
    data_dir: Path = Field(Path(".safar"), alias="SAFAR_DATA_DIR")
    secret_key: str = Field(DEVELOPMENT_KEY, alias="SAFAR_SECRET_KEY", min_length=16)
    base_url: str = Field("", alias="SAFAR_BASE_URL")
    whatsapp_url: str = Field("https://graph.facebook.com/v25.0", alias="SAFAR_WHATSAPP_URL")
    proxy_hops: int = Field(0, alias="SAFAR_PROXY_HOPS", ge=0, le=10)
    allow_local_webhooks: bool = Field(False, alias="SAFAR_ALLOW_LOCAL_WEBHOOKS")
    worker_processes: int = Field(2, alias="SAFAR_WORKERS", ge=1, le=256)
    worker_threads: int = Field(2, alias="SAFAR_WORKER_THREADS", ge=1, le=64)
    keep_events_days: int = Field(730, alias="SAFAR_KEEP_EVENTS_DAYS", ge=90)
    keep_logs_days: int = Field(730, alias="SAFAR_KEEP_LOGS_DAYS", ge=90)

    @property
    def public_url(self) -> str:
        """Where customers reach us, without a trailing slash; links in messages start with it."""
        return (self.base_url or f"http://localhost:{self.port}").rstrip("/")


@lru_cache
def settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: a variable has a value that cannot be used; names the variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(refused(error).message) from error
