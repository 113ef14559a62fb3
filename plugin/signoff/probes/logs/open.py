"""The way to a central log, by where its lines are kept."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from signoff.probes.logs.asking import open_session
from signoff.probes.logs.cloudwatch import CloudWatchLog
from signoff.probes.logs.elastic import ElasticLog
from signoff.probes.logs.elastic_rules import KibanaRules, OpenSearchRules
from signoff.probes.logs.files import FileLog
from signoff.probes.logs.loki import LokiLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from signoff.probes.aws.session import AwsSession
    from signoff.probes.logs.model import LogStore
    from signoff.probes.web.http import Session

_SLACK = timedelta(days=2)


@contextmanager
def open_log(
    settings: Any, *, hosts: Sequence[str], connect: Callable[[str], Any], aws: Callable[[str], AwsSession]
) -> Iterator[LogStore]:
    """Open the log that an inventory entry describes, and close it in the end.

    Args:
        settings: An entry of kind `central_log`.
        hosts: Names of the hosts that must log.
        connect: Connects a host of the inventory.
        aws: Opens the account of a cloud by its name.
    """
    store = settings.store
    if store is None:
        yield FileLog(
            connect(settings.host),
            settings.path,
            time_field=settings.time_field,
            received_field=settings.received_field,
            service_field=settings.service_field,
            hosts=hosts,
            rotation_file=settings.rotation,
            views=settings.views,
        )
    elif store.product == "cloudwatch":
        with aws(store.cloud) as account:
            yield CloudWatchLog(account, store.region, store.groups, stream=store.stream)
    elif store.product == "loki":
        with _session(store, [store.url], {"X-Scope-OrgID": store.tenant} if store.tenant else {}) as session:
            yield _loki(session, settings)
    else:
        origins = [store.url, *([store.kibana] if store.kibana else ())]
        headers = {"Authorization": f"ApiKey {store.api_key.get_secret_value()}"} if store.api_key else {}
        with _session(store, origins, headers) as session:
            yield _elastic(session, store)


def _loki(session: Session, settings: Any) -> LokiLog:
    store, grafana = settings.store, settings.store.grafana
    keeps = max(settings.retention.min, settings.retention.max or settings.retention.min * 2)
    return LokiLog(
        session,
        store.url,
        selector=store.selector,
        host_label=store.host_label,
        service_label=store.service_label,
        window=store.max_query,
        horizon=keeps + settings.retention.slack + _SLACK,
        grafana=(_session(grafana, [grafana.url], {}), grafana.url) if grafana else None,
    )


def _elastic(session: Session, store: Any) -> ElasticLog:
    rules = (
        KibanaRules(session, store.url, store.kibana, store.space)
        if store.product == "elasticsearch"
        else OpenSearchRules(session, store.url, store.kibana)
    )
    return ElasticLog(
        session,
        store.url,
        store.index,
        rules,
        time_field=store.time_field,
        received_field=store.received_field,
        host_field=store.host_field,
        service_field=store.service_field,
    )


def _session(server: Any, origins: Sequence[str], headers: dict[str, str]) -> Session:
    if server.token:
        headers = {**headers, "Authorization": f"Bearer {server.token.get_secret_value()}"}
    secret = server.password.get_secret_value() if server.password else ""
    return open_session(origins, ca_file=server.ca_file, user=server.user, secret=secret, headers=headers)
