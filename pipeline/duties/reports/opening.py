"""Opens the service that a tenant's profile names: its test, unless production is written there."""

import httpx
from pydantic import SecretStr

from audit.errors import AuditError
from audit.keyfile import read_secret
from pipeline.duties.reports.client import PRODUCTION, TEST, Ispws
from pipeline.duties.reports.errors import NotReportableError
from pipeline.settings.reporting import Environment, Reporting


def opened(http: httpx.AsyncClient, profile: Reporting) -> Ispws:
    """Return our side of the service.

    Raises:
        NotReportableError: the profile has no credentials that can be read.
    """
    is_test = profile.environment is not Environment.PRODUCTION
    path = profile.credentials_file
    try:
        text = "" if path is None else read_secret(path).strip()
    except (AuditError, OSError, ValueError) as fault:
        raise NotReportableError(
            "credentials", "USER:PASSWORD, mode 0600", type(fault).__name__
        ) from None
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise NotReportableError("credentials", "USER:PASSWORD", "something else")
    address = profile.address or (TEST if is_test else PRODUCTION)
    return Ispws(http, address, user, SecretStr(password), is_test)
