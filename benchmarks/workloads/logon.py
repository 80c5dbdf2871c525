"""One authentication: its tokens in turn, and the truth about them."""

from __future__ import annotations

from typing import Any

from benchmarks.workloads import moulds
from benchmarks.workloads.script import Script

USERS, WORKSTATIONS, HOSTS, TICKETS = 3000, 4000, 60, 32


class Logon:
    """One authentication: gives its tokens in turn and keeps the truth about them."""

    def __init__(
        self, script: Script, carrier: str, mechanism: str, *, wrapped: bool = True
    ) -> None:
        dice = script.dice
        self.script, self.wrapped, self.mechanism = script, wrapped, mechanism
        self.host = (
            f"{ {'smb2': 'fs', 'http': 'web', 'ldap': 'dc'}[carrier] }{dice.randrange(HOSTS):02d}"
        )
        self.user = f"user{dice.randrange(USERS):04d}"
        self.service = {"smb2": "cifs", "http": "HTTP", "ldap": "ldap"}[carrier]
        known = self.user if mechanism == "ntlm" else None
        facts: dict[str, Any] = {"carrier": carrier, "mechanism": mechanism, "user": known}
        self.number = script.truth.begin(**facts, outcome="success")

    def refused(self) -> None:
        """It ends in vain."""
        self.script.truth.negotiations[self.number]["outcome"] = "failure"

    def _count(self, *names: str) -> None:
        wrappers = ("NegTokenInit", "NegTokenResp")
        counted = names if self.wrapped else [name for name in names if name not in wrappers]
        self.script.truth.tokens.update(counted)

    def hint(self) -> bytes:
        """NegTokenInit2 of the server."""
        self.script.truth.tokens["NegTokenInit2"] += 1
        return moulds.hint()

    def negotiate(self) -> bytes:
        """NTLM's first token."""
        self._count("NegTokenInit", "NTLM_NEGOTIATE")
        token = moulds.ntlm_negotiate()
        return moulds.init(("ntlm",), token) if self.wrapped else token

    def challenge(self) -> bytes:
        """NTLM's second token."""
        self._count("NegTokenResp", "NTLM_CHALLENGE")
        token = moulds.ntlm_challenge(self.host, self.script.dice.randbytes(8))
        return moulds.resp("accept-incomplete", "ntlm", token) if self.wrapped else token

    def authenticate(self) -> bytes:
        """NTLM's third token."""
        self._count("NegTokenResp", "NTLM_AUTHENTICATE")
        dice = self.script.dice
        workstation = f"WS{dice.randrange(WORKSTATIONS):04d}"
        token = moulds.ntlm_authenticate(self.host, self.user, workstation, dice.randbytes(56))
        mic = moulds.ntlm_mic(_not_zero(dice.randbytes(8)))
        return moulds.resp(None, None, token, mic) if self.wrapped else token

    def accepted(self) -> bytes:
        """SPNEGO's last word after NTLM."""
        self._count("NegTokenResp")
        mic = moulds.ntlm_mic(_not_zero(self.script.dice.randbytes(8)))
        return moulds.resp("accept-completed", None, b"", mic)

    def ap_req(self) -> bytes:
        """Kerberos' first token."""
        self._count("NegTokenInit", "KRB_AP_REQ")
        dice = self.script.dice
        ticket = dice.randbytes(1000 + 40 * dice.randrange(TICKETS))
        host = f"{self.host}.lab.example"
        token = moulds.ap_req(self.service, host, ticket, dice.randbytes(230))
        return moulds.init(moulds.MECHS, token)

    def ap_rep(self) -> bytes:
        """Kerberos' answer, signed."""
        self._count("NegTokenResp", "KRB_AP_REP")
        dice = self.script.dice
        token = moulds.ap_rep(dice.randbytes(115))
        mic = moulds.krb_mic(dice.randbytes(12))
        return moulds.resp("accept-completed", "ms-kerberos", token, mic)

    def reject(self) -> bytes:
        """SPNEGO's no."""
        self._count("NegTokenResp")
        return moulds.resp("reject")


def _not_zero(checksum: bytes) -> bytes:
    """A checksum that does not read as the padding of another form."""
    return b"\x01" + checksum[1:]
