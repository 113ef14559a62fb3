"""The way to a cloud, by its provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.probes.aws.session import AwsAccess
from signoff.probes.cloud.aws import AwsCloud
from signoff.probes.cloud.azure import AzureCloud
from signoff.probes.cloud.documents import ExportFolder
from signoff.probes.cloud.google import GoogleCloud
from signoff.probes.cloud.kubernetes import KubernetesCloud
from signoff.probes.cloud.programs import Program

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from signoff.probes.cloud.documents import Documents
    from signoff.probes.cloud.model import Cloud


def aws_access(settings: Any) -> AwsAccess:
    """Return how to reach the account that an inventory entry describes."""
    secrets = (settings.access_key_id, settings.secret_access_key, settings.session_token)
    key_id, key, token = (one.get_secret_value() if one else "" for one in secrets)
    return AwsAccess(
        account=settings.account,
        regions=settings.regions,
        profile=settings.profile,
        key_id=key_id,
        key=key,
        token=token,
        endpoint=settings.endpoint,
    )


def open_cloud(settings: Any, *, now: datetime, find: Callable[[str], Path]) -> Cloud:
    """Return the cloud that an inventory entry describes, once it is proved to be the right one.

    Args:
        settings: An entry of kind `cloud`.
        now: When ages are judged.
        find: Finds a file that the inventory names.

    Raises:
        NotVerifiedError: a program, an export or credentials are missing, too old, or about another account.
        AuthenticationError, UnreachableError, TimedOutError, CouldNotCheckError: as the way there says.
    """
    if settings.provider == "aws":
        return AwsCloud(
            aws_access(settings),
            now=now,
            closed_ports=settings.network_acl_closed_ports,
            elsewhere=settings.empty_elsewhere,
        )
    documents = open_documents(settings, now, find)
    if settings.provider == "google":
        return GoogleCloud(
            documents,
            project=settings.account,
            regions=settings.regions,
            billing_account=settings.billing_account,
        )
    if settings.provider == "azure":
        return AzureCloud(
            documents,
            subscription=settings.account,
            regions=settings.regions,
            resource_groups=settings.resource_groups,
            look_back_days=max(1, settings.failures_within.days),
        )
    return KubernetesCloud(documents, cluster=settings.account)


def open_documents(settings: Any, now: datetime, find: Callable[[str], Path]) -> Documents:
    """Return the way to a provider's answers in JSON: a recent export, or its own program; see `open_cloud`."""
    if settings.exports is not None:
        return ExportFolder(
            find(settings.exports.folder),
            provider=settings.provider,
            account=settings.account,
            now=now,
            max_age=settings.exports.max_age,
        )
    return Program(
        settings.provider,
        account=settings.account,
        path=settings.program.path,
        context=settings.program.context,
    )
