"""Inventory entry of a central log: files on one host, Loki, Elasticsearch, OpenSearch or CloudWatch Logs."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from signoff.config.fields import Duration, Instant, Ratio, SecretText
from signoff.config.kinds.base import Service, Strict


class Trace(Strict):
    """One normal request whose log line must be found."""

    url: str = Field(description="What to ask once, with GET.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    header: str = Field(default="X-Request-ID", description="Answer header that carries the request's id.")
    field: str = Field(default="request_id", description="Field of a log line that carries it.")
    within: Duration = Field(default=timedelta(seconds=30), description="Longest until the line can be found.")
    search_within: Duration = Field(default=timedelta(seconds=5), description="Longest that one search may take.")


class Retention(Strict):
    """How long lines must be kept, and may be kept."""

    min: Duration = Field(default=timedelta(days=30), description="Least time that a line is kept.")
    max: Duration | None = Field(default=None, description="Longest; empty: no limit, and lines may stay for ever.")
    since: Instant | None = Field(default=None, description="When collecting began; no line can be older.")
    slack: Duration = Field(default=timedelta(days=1), description="How far the oldest line may be off: a rotation.")


class ErrorAlerts(Strict):
    """Rules that must tell somebody of errors in the log."""

    required: tuple[str, ...] = Field(default=(), description="Names of rules; empty: at least one of any name.")
    prometheus: str = Field(
        default="", description="Prometheus service with rules on metrics of the log, beside the store's own rules."
    )
    metrics: tuple[str, ...] = Field(
        default=(), description="Metrics made of log lines: a rule of Prometheus counts if it looks at one of them."
    )


class _Server(Strict):
    url: str
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    user: str = ""
    password: SecretText | None = None
    token: SecretText | None = Field(default=None, description="Bearer token, instead of user and password.")


class GrafanaViews(_Server):
    """Grafana, where the saved views of a Loki are."""


class LokiStore(_Server):
    """Grafana Loki."""

    product: Literal["loki"]
    tenant: str = Field(default="", description="X-Scope-OrgID.")
    selector: str = Field(default='{job=~".+"}', pattern=r"^\{.+\}$", description="Streams that are this log.")
    host_label: str = "host"
    service_label: str = "service_name"
    max_query: Duration = Field(
        default=timedelta(days=30), description="Longest range of one query: limits_config.max_query_length."
    )
    grafana: GrafanaViews | None = Field(default=None, description="Where dashboards and views are kept.")


class ElasticStore(_Server):
    """Elasticsearch with Kibana, or OpenSearch with its Dashboards."""

    product: Literal["elasticsearch", "opensearch"]
    index: str = Field(description="Index, data stream, alias or pattern.")
    api_key: SecretText | None = Field(default=None, description="Encoded API key of Elasticsearch.")
    time_field: str = "@timestamp"
    received_field: str = Field(default="event.ingested", description="When the store took a line; empty: not kept.")
    host_field: str = "host.name"
    service_field: str = "service.name"
    kibana: str = Field(default="", description="URL of Kibana or Dashboards, for rules and saved views.")
    space: str = Field(default="", description="Space of Kibana; empty: the default one.")


class CloudWatchStore(Strict):
    """CloudWatch Logs of one region."""

    product: Literal["cloudwatch"]
    cloud: str = Field(description="Name of the cloud service with the account.")
    region: str
    groups: tuple[str, ...] = Field(min_length=1, description="Names of the log groups.")
    stream: str = Field(default="{source}", description="Name of one host's or service's stream, with {source}.")

    @field_validator("stream")
    @classmethod
    def _names_the_source(cls, value: str) -> str:
        if "{source}" not in value:
            raise ValueError("must contain {source}, such as {source} or prod/{source}")
        return value


Store = Annotated[LokiStore | ElasticStore | CloudWatchStore, Field(discriminator="product")]


class CentralLogService(Service):
    """The lines of all hosts and services in one place: either `host` and `path`, or `store`."""

    kind: Literal["central_log"] = "central_log"
    host: str = Field(default="", description="Inventory host that keeps the files.")
    path: str = Field(default="", description="Path of one host's file, with `{host}` where its name stands.")
    rotation: str = Field(default="", description="Configuration of logrotate for these files, on the same host.")
    store: Store | None = Field(default=None, description="The server that keeps the lines, instead of files.")
    time_field: str = Field(default="ts", description="Field with the instant of a line, ISO 8601 with an offset.")
    received_field: str = Field(default="", description="Field with the instant at which the collector took the line.")
    service_field: str = Field(default="service", description="Field with the service of a line.")
    hosts: tuple[str, ...] = Field(default=(), description="Hosts that must log; default: every host of the inventory.")
    services: tuple[str, ...] = Field(default=(), description="Services that must log, as lines name them.")
    max_age: Duration = Field(default=timedelta(minutes=15), description="Oldest that a host's newest line may be.")
    max_skew: Duration = Field(
        default=timedelta(seconds=60), description="Most that a host's clock may be ahead of the collector's."
    )
    max_lag: Duration = Field(default=timedelta(seconds=60), description="Longest that a line may be on its way.")
    retention: Retention = Retention()
    max_used: Ratio = Field(default=0.8, description="Most of a disk that may be used.")
    alerts: ErrorAlerts = ErrorAlerts()
    views: tuple[str, ...] = Field(
        default=(), description="Saved views that people work with: titles, or paths of executable files on the host."
    )
    trace: Trace

    @field_validator("path")
    @classmethod
    def _names_the_host(cls, value: str) -> str:
        if value and "{host}" not in value:
            raise ValueError("must contain {host}, such as /var/log/central/{host}.log")
        return value

    @model_validator(mode="after")
    def _is_in_one_place(self) -> Self:
        if (self.store is None) != bool(self.host and self.path) or (self.store and (self.host or self.path)):
            raise ValueError("needs either host and path, for files, or store")
        return self

    @property
    def address(self) -> str:
        """Host and path, or the server."""
        match self.store:
            case None:
                return f"{self.host}:{self.path}"
            case CloudWatchStore(region=region, groups=groups):
                return f"{region}: {', '.join(groups)}"
            case server:
                return server.url
