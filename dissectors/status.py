"""A carrier's verdict about one leg of an authentication."""

from __future__ import annotations

from typing import Literal

from dissectors.records import NamedTuple

Verdict = Literal["continue", "success", "failure"]
"""What the carrier says: another leg is wanted, the client is in, or it is refused."""


class Status(NamedTuple):
    """The carrier's last word: `verdict`, its own number and name, and where they come from.

    `name` is the spelling of the carrier's specification (`STATUS_LOGON_FAILURE`, `invalidCredentials`,
    `401`); a number without a name keeps the number as text. `layer` is `ntstatus`, `dos`, `ldap` or `http`.
    `detail` is free text of the server (LDAP diagnosticMessage, HTTP reason phrase), `sub_code` the number
    hidden in it (Active Directory's `data 52e` is 0x52e).
    """

    verdict: Verdict
    code: int
    name: str
    layer: str
    detail: str | None = None
    sub_code: int | None = None
