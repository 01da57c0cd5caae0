"""Every setting of a process. Read once in ``main()`` and passed down; nothing reads the
environment later.

Names of the reference systems work as they stand; our own begin with ``SHOPWRIGHT_``.
Order: environment, ``.env``, ``config.json``, defaults.
"""

from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    JsonConfigSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TESTING = "testing"
    STAGING = "staging"
    PRODUCTION = "production"


class Network(StrEnum):
    LAN = "lan"  # a shop: private addresses are where its printers are
    PUBLIC = "public"  # hosted: no server-side drivers, private addresses refused


class MailSecurity(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"  # port 587: plain at first, then TLS or nothing is sent
    TLS = "tls"  # port 465
    NONE = "none"  # a relay on this machine


DEFAULT_FRONTEND = "dist"
INDEX = "index.html"
PAGES = "/app"  # below it are our own pages when an outside app is served at /
CommaList = Annotated[list[str], NoDecode]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=".env", json_file="config.json", extra="ignore", frozen=True, populate_by_name=True
    )

    environment: Environment = Field(Environment.DEVELOPMENT, alias="FLASK_ENV")
    data_dir: Path = Field(Path("data"), alias="SHOPWRIGHT_DATA_DIR")
    database_url: str = Field("", alias="DATABASE_URL")
    db_host: str = Field("", alias="DB_HOST")
    db_port: int = Field(5432, alias="DB_PORT")
    db_name: str = Field("shopwright", alias="DB_NAME")
    db_user: str = Field("shopwright", alias="DB_USER")
    db_password: SecretStr = Field(SecretStr(""), alias="DB_PASSWORD")

    host: str = Field("127.0.0.1", alias="SHOPWRIGHT_HOST")
    port: int = Field(8000, alias="PORT", ge=1, le=65535)
    base_path: str = Field("", alias="BASE_PATH")
    frontend_dist: str | None = Field(None, alias="FRONTEND_DIST")  # None: ``dist``, if it is there
    public_url: str = Field("", alias="SHOPWRIGHT_PUBLIC_URL")
    cors_origins: CommaList = Field(default_factory=list, alias="CORS_ORIGINS")
    trusted_proxies: CommaList = Field(default_factory=list, alias="TRUSTED_PROXIES")
    network: Network = Field(
        Network.LAN, validation_alias=AliasChoices("NETWORK", "SHOPWRIGHT_NETWORK")
    )
    allow_private_webhooks: bool = Field(False, alias="ALLOW_PRIVATE_WEBHOOKS")
    log_file: Path | None = Field(None, alias="LOG_FILE")
    log_level: str = Field("INFO", alias="LOG_LEVEL")
    metrics_token: SecretStr | None = Field(None, alias="SHOPWRIGHT_METRICS_TOKEN")

    master_key: SecretStr | None = Field(None, alias="SHOPWRIGHT_MASTER_KEY")
    jwt_secret: SecretStr | None = Field(None, alias="JWT_SECRET")
    secret_key: SecretStr | None = Field(None, alias="SECRET_KEY")
    owner_email: str = Field("", alias="SHOPWRIGHT_OWNER_EMAIL")
    owner_password: SecretStr | None = Field(None, alias="SHOPWRIGHT_OWNER_PASSWORD")
    organization_name: str = Field("My shop", alias="SHOPWRIGHT_ORGANIZATION")
    allow_signup: bool = Field(False, alias="ALLOW_SIGNUP")
    default_organization: str = Field("", alias="DEFAULT_ORGANIZATION")
    currency: str = Field("EUR", alias="SHOPWRIGHT_CURRENCY")
    time_zone: str = Field("UTC", alias="SHOPWRIGHT_TIME_ZONE")
    access_token_minutes: int = Field(24 * 60, alias="SHOPWRIGHT_ACCESS_TOKEN_MINUTES", ge=1)
    refresh_token_days: int = Field(30, alias="SHOPWRIGHT_REFRESH_TOKEN_DAYS", ge=1)

    rate_limit_per_hour: int = Field(1000, alias="SHOPWRIGHT_RATE_LIMIT_PER_HOUR", ge=0)
    rate_limit_sync_per_minute: int = Field(5, alias="SHOPWRIGHT_RATE_LIMIT_SYNC_PER_MINUTE", ge=0)
    rate_limit_print_per_minute: int = Field(
        100, alias="SHOPWRIGHT_RATE_LIMIT_PRINT_PER_MINUTE", ge=0
    )
    rate_limit_public_per_minute: int = Field(
        100, alias="SHOPWRIGHT_RATE_LIMIT_PUBLIC_PER_MINUTE", ge=0
    )
    rate_limit_wide_per_minute: int = Field(
        3000, alias="SHOPWRIGHT_RATE_LIMIT_WIDE_PER_MINUTE", ge=0
    )
    rate_limit_kiosk_sessions_per_minute: int = Field(
        10, alias="SHOPWRIGHT_RATE_LIMIT_KIOSK_SESSIONS_PER_MINUTE", ge=0
    )
    rate_limit_kiosk_misses: int = Field(5, alias="SHOPWRIGHT_RATE_LIMIT_KIOSK_MISSES", ge=0)
    channel_event_days: int = Field(90, alias="SHOPWRIGHT_CHANNEL_EVENT_DAYS", ge=0)
    max_upload_mb: int = Field(500, alias="SHOPWRIGHT_MAX_UPLOAD_MB", ge=1)
    cad_memory_mb: int = Field(2048, alias="SHOPWRIGHT_CAD_MEMORY_MB", ge=64)
    cad_cpu_s: int = Field(600, alias="SHOPWRIGHT_CAD_CPU_S", ge=1)
    cad_wall_s: float = Field(900, alias="SHOPWRIGHT_CAD_WALL_S", gt=0)

    artwork_memory_mb: int = Field(1536, alias="SHOPWRIGHT_ARTWORK_MEMORY_MB", ge=512)
    artwork_draft_days: int = Field(14, alias="SHOPWRIGHT_ARTWORK_DRAFT_DAYS", ge=1)
    artwork_image_hosts: CommaList = Field(default_factory=list, alias="ARTWORK_IMAGE_HOSTS")
    image_provider: str = Field("", alias="IMAGE_PROVIDER")  # empty: gemini when it has a key
    images_per_minute: int = Field(10, alias="SHOPWRIGHT_IMAGES_PER_MINUTE", ge=0)
    images_per_customer_per_day: int = Field(
        20, alias="SHOPWRIGHT_IMAGES_PER_CUSTOMER_PER_DAY", ge=0
    )
    images_per_day: int = Field(500, alias="SHOPWRIGHT_IMAGES_PER_DAY", ge=0)
    google_api_key: SecretStr | None = Field(None, alias="GOOGLE_API_KEY")
    gemini_api_url: str = Field("https://generativelanguage.googleapis.com", alias="GEMINI_API_URL")
    gemini_model: str = Field("gemini-3.1-flash-image", alias="GEMINI_MODEL")
    gemini_timeout_s: float = Field(90, alias="GEMINI_TIMEOUT_S", gt=0, le=600)
    gemini_image_price: Decimal = Field(Decimal("0.134"), alias="GEMINI_IMAGE_PRICE", ge=0, le=1000)
    gemini_image_currency: str = Field("USD", alias="GEMINI_IMAGE_CURRENCY", pattern=r"^[A-Z]{3}$")

    s3_bucket: str = Field(
        "", validation_alias=AliasChoices("SHOPWRIGHT_S3_BUCKET", "R2_BUCKET_NAME", "R2_BUCKET")
    )
    s3_endpoint: str = Field(
        "",
        validation_alias=AliasChoices("SHOPWRIGHT_S3_ENDPOINT", "R2_ENDPOINT_URL", "R2_ENDPOINT"),
    )
    r2_account_id: str = Field("", alias="R2_ACCOUNT_ID")
    s3_access_key_id: str = Field(
        "", validation_alias=AliasChoices("SHOPWRIGHT_S3_ACCESS_KEY_ID", "R2_ACCESS_KEY_ID")
    )
    s3_secret_access_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("SHOPWRIGHT_S3_SECRET_ACCESS_KEY", "R2_SECRET_ACCESS_KEY"),
    )
    s3_region: str = Field(
        "auto", validation_alias=AliasChoices("SHOPWRIGHT_S3_REGION", "R2_REGION")
    )
    s3_prefix: str = Field("", validation_alias=AliasChoices("SHOPWRIGHT_S3_PREFIX", "R2_PREFIX"))
    s3_ca_file: Path | None = Field(None, alias="SHOPWRIGHT_S3_CA_FILE")

    etsy_client_id: str = Field("", alias="ETSY_CLIENT_ID")
    etsy_shared_secret: SecretStr | None = Field(None, alias="ETSY_SHARED_SECRET")
    etsy_api_url: str = Field("https://openapi.etsy.com/v3/application", alias="ETSY_API_URL")
    etsy_auth_url: str = Field("https://www.etsy.com/oauth/connect", alias="ETSY_AUTH_URL")
    etsy_token_url: str = Field(
        "https://api.etsy.com/v3/public/oauth/token", alias="ETSY_TOKEN_URL"
    )
    etsy_redirect_uri: str = Field("", alias="ETSY_REDIRECT_URI")
    etsy_calls_per_minute: int = Field(10, alias="ETSY_CALLS_PER_MINUTE", ge=1)
    etsy_sync_minutes: float = Field(5, alias="ETSY_SYNC_MINUTES", gt=0)
    onshape_client_id: str = Field("", alias="ONSHAPE_CLIENT_ID")
    onshape_client_secret: SecretStr | None = Field(None, alias="ONSHAPE_CLIENT_SECRET")
    onshape_redirect_uris: CommaList = Field(default_factory=list, alias="ONSHAPE_REDIRECT_URI")
    onshape_access_key: str = Field("", alias="ONSHAPE_ACCESS_KEY")
    onshape_secret_key: SecretStr | None = Field(None, alias="ONSHAPE_SECRET_KEY")
    onshape_url: str = Field("https://cad.onshape.com", alias="ONSHAPE_URL")
    onshape_oauth_url: str = Field("https://oauth.onshape.com", alias="ONSHAPE_OAUTH_URL")
    onshape_yearly_calls: int = Field(2500, alias="ONSHAPE_YEARLY_CALLS", ge=0)  # of a free plan
    stripe_secret_key: SecretStr | None = Field(None, alias="STRIPE_SECRET_KEY")
    stripe_webhook_secret: SecretStr | None = Field(None, alias="STRIPE_WEBHOOK_SECRET")
    stripe_api_url: str = Field("", alias="STRIPE_API_URL")  # empty: Stripe's own
    openweather_api_key: SecretStr | None = Field(None, alias="OPENWEATHER_API_KEY")
    openweather_url: str = Field("https://api.openweathermap.org", alias="OPENWEATHER_URL")
    openweather_location: str = Field("", alias="OPENWEATHER_LOCATION")
    bambu_access_code: SecretStr | None = Field(None, alias="BAMBU_ACCESS_CODE")
    bambu_cloud_api_url: str = Field("", alias="BAMBU_CLOUD_API_URL")  # empty: of the region
    bambu_cloud_site_url: str = Field("", alias="BAMBU_CLOUD_SITE_URL")
    bambu_cloud_mqtt: str = Field("", alias="BAMBU_CLOUD_MQTT", pattern=r"^([^:\s]+:[0-9]{1,5})?$")
    bambu_cloud_ca_file: Path | None = Field(None, alias="BAMBU_CLOUD_CA_FILE")

    printer_backend_url: str = Field("", alias="PRINTER_BACKEND_URL")
    printer_backend_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("PRINTER_BACKEND_API_KEY", "PRINTER_API_KEY")
    )
    printer_backend_timeout_s: float = Field(
        15, alias="SHOPWRIGHT_PRINTER_BACKEND_TIMEOUT_S", gt=0, le=120
    )

    chinese_api_base_url: str = Field("", alias="CHINESE_API_BASE_URL")
    chinese_api_account: str = Field("", alias="CHINESE_API_ACCOUNT")
    chinese_api_password: SecretStr | None = Field(None, alias="CHINESE_API_PASSWORD")
    chinese_api_system_name: str = Field("", alias="CHINESE_API_SYSTEM_NAME")
    chinese_api_fixed_key: SecretStr | None = Field(None, alias="CHINESE_API_FIXED_KEY")
    chinese_api_device_id: str = Field("", alias="CHINESE_API_DEVICE_ID")
    chinese_api_timeout_s: float = Field(30, alias="CHINESE_API_TIMEOUT", gt=0, le=120)
    chinese_api_signature: Literal["values", "pairs"] = Field(
        "values", alias="CHINESE_API_SIGNATURE"
    )
    chinese_api_pay_type_web: int = Field(12, alias="CHINESE_API_PAY_TYPE_WEB", ge=0, le=99)
    chinese_api_pay_type_kiosk: int = Field(5, alias="CHINESE_API_PAY_TYPE_KIOSK", ge=0, le=99)
    chinese_api_callback_secret: SecretStr | None = Field(None, alias="CHINESE_API_CALLBACK_SECRET")
    chinese_api_addresses: CommaList = Field(default_factory=list, alias="CHINESE_API_ADDRESSES")
    rate_limit_partner_per_minute: int = Field(
        120, alias="SHOPWRIGHT_RATE_LIMIT_PARTNER_PER_MINUTE", ge=35
    )

    smtp_host: str = Field("", validation_alias=AliasChoices("SMTP_HOST", "SMTP_SERVER"))
    smtp_port: int = Field(587, alias="SMTP_PORT", ge=1, le=65535)
    smtp_security: MailSecurity = Field(MailSecurity.STARTTLS, alias="SMTP_SECURITY")
    smtp_user: str = Field("", validation_alias=AliasChoices("SMTP_USER", "SMTP_USERNAME"))
    smtp_password: SecretStr | None = Field(
        None, validation_alias=AliasChoices("SMTP_PASSWORD", "SMTP_PASS")
    )
    smtp_from: str = Field("", validation_alias=AliasChoices("SMTP_FROM", "SMTP_FROM_EMAIL"))
    smtp_ca_file: Path | None = Field(None, alias="SMTP_CA_FILE")

    printer_start_timeout_s: float = Field(120, alias="SHOPWRIGHT_PRINTER_START_TIMEOUT_S", gt=0)
    printer_silence_s: float = Field(60, alias="SHOPWRIGHT_PRINTER_SILENCE_S", gt=0)
    discovery_interface: str = Field("", alias="SHOPWRIGHT_DISCOVERY_INTERFACE")  # empty: all
    discovery_ssdp_ports: CommaList = Field(
        default_factory=lambda: ["2021", "1990"], alias="SHOPWRIGHT_DISCOVERY_SSDP_PORTS"
    )

    @field_validator(
        "cors_origins",
        "trusted_proxies",
        "discovery_ssdp_ports",
        "onshape_redirect_uris",
        "artwork_image_hosts",
        mode="before",
    )
    @classmethod
    def _split_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("base_path")
    @classmethod
    def _tidy_base_path(cls, value: str) -> str:
        path = value.strip().strip("/")
        return f"/{path}" if path else ""

    @field_validator("printer_backend_url")
    @classmethod
    def _tidy_backend_url(cls, value: str) -> str:
        url = value.strip().rstrip("/")
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("PRINTER_BACKEND_URL must begin with https:// or http://.")
        if "@" in url or "?" in url:  # /health shows it to everybody
            raise ValueError(
                "PRINTER_BACKEND_URL holds no password and no query; use PRINTER_BACKEND_API_KEY."
            )
        return url

    @field_validator("cors_origins")
    @classmethod
    def _refuse_any_origin(cls, value: list[str]) -> list[str]:
        if "*" in value:
            raise ValueError(
                "CORS_ORIGINS must name origins; * is refused because answers carry credentials."
            )
        return value

    @model_validator(mode="after")
    def _check_database(self) -> "Settings":
        async_database_url(self)  # raises on mysql:// and unknown schemes
        return self

    @model_validator(mode="after")
    def _check_frontend(self) -> "Settings":
        if self.frontend_dist and self.frontend is None:
            raise ValueError(
                f"FRONTEND_DIST is {self.frontend_dist}, where there is no {INDEX}. Name the "
                "folder of the built app, or leave the setting out."
            )
        return self

    @model_validator(mode="after")
    def _check_bucket(self) -> "Settings":
        """Files on the local disk, or everything that a bucket needs; never something between."""
        has_key = bool(self.s3_access_key_id and self.s3_secret_access_key)
        if not self.s3_bucket and (self.s3_access_key_id or self.s3_secret_access_key):
            raise ValueError(
                "A key for S3 or R2 is set, but no bucket: set SHOPWRIGHT_S3_BUCKET or "
                "R2_BUCKET_NAME, or remove the key to keep files on the local disk."
            )
        if self.s3_bucket and not has_key:
            raise ValueError(
                f"The bucket {self.s3_bucket} needs SHOPWRIGHT_S3_ACCESS_KEY_ID and "
                "SHOPWRIGHT_S3_SECRET_ACCESS_KEY, or R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY."
            )
        is_named = self.s3_endpoint or self.r2_account_id or self.s3_region != "auto"
        if self.s3_bucket and not is_named:
            raise ValueError(
                f"Say where the bucket {self.s3_bucket} is: SHOPWRIGHT_S3_ENDPOINT for any S3 "
                "server, R2_ACCOUNT_ID for Cloudflare R2, SHOPWRIGHT_S3_REGION for Amazon."
            )
        if not self.s3_url.startswith(("http://", "https://")):
            raise ValueError("SHOPWRIGHT_S3_ENDPOINT must begin with https:// or http://.")
        return self

    @property
    def s3_url(self) -> str:
        """Where the S3 server is that has the bucket, without a final slash."""
        if self.s3_endpoint:
            return self.s3_endpoint.rstrip("/")
        if self.r2_account_id:
            return f"https://{self.r2_account_id}.r2.cloudflarestorage.com"
        return f"https://s3.{self.s3_region}.amazonaws.com"

    @property
    def base_url(self) -> str:
        """What links that leave the program begin with, without a final slash."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}{self.base_path}"

    @cached_property
    def frontend(self) -> Path | None:
        """The folder of an outside single-page app that is served at ``/``."""
        folder = Path(DEFAULT_FRONTEND if self.frontend_dist is None else self.frontend_dist)
        is_there = self.frontend_dist != "" and (folder / INDEX).is_file()
        return folder.resolve() if is_there else None

    @property
    def pages_path(self) -> str:
        """What the paths of our own pages begin with."""
        return self.base_path + (PAGES if self.frontend else "")

    @property
    def pages_url(self) -> str:
        """What links to our own pages begin with outside of the program."""
        return self.base_url + (PAGES if self.frontend else "")

    @property
    def is_sqlite(self) -> bool:
        return async_database_url(self).startswith("sqlite")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        json_source = JsonConfigSettingsSource(settings_cls)
        return init_settings, env_settings, dotenv_settings, json_source, file_secret_settings


def async_database_url(settings: Settings) -> str:
    """The SQLAlchemy URL with our drivers. ``DATABASE_URL`` wins over ``DB_*``; plain URLs are
    translated."""
    url = settings.database_url
    if not url and settings.db_host:
        password = settings.db_password.get_secret_value()
        url = f"postgresql://{settings.db_user}:{password}@{settings.db_host}:{settings.db_port}/{settings.db_name}"
    if not url:
        return f"sqlite+aiosqlite:///{settings.data_dir.resolve() / 'shopwright.db'}"
    scheme, separator, rest = url.partition("://")
    family = scheme.split("+")[0]
    if not separator or family not in {"postgres", "postgresql", "sqlite"}:
        raise ValueError(
            f"DATABASE_URL begins with {scheme}://; use postgresql://… or sqlite:///…. "
            "MySQL is not supported."
        )
    driver = "sqlite+aiosqlite" if family == "sqlite" else "postgresql+psycopg"
    return f"{driver}://{rest}"


def telemetry_database_url(settings: Settings) -> str:
    """SQLite keeps telemetry in a second file, so that it may sync less often; PostgreSQL in the
    same one."""
    if settings.is_sqlite:
        return f"sqlite+aiosqlite:///{settings.data_dir.resolve() / 'telemetry.db'}"
    return async_database_url(settings)
