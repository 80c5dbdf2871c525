"""Kerberos' messages in tokens as Scapy layers: what travels in clear, and the ciphers as they are.

`tok_id` stands in front of a message in a GSS-API frame (RFC 4121 4.1); it is None for a bare message.

Spec: RFC 4120 5.5 and 5.9, RFC 4121 4.1; draft-swift-win2k-krb-user2user 4; draft-ietf-kitten-iakerb 3.
Not handled: kvno of AP-REP and authenticator, flags of IAKERB's header, when a changed one is encoded.
"""

from __future__ import annotations

from typing import Any, ClassVar

from dissectors.codes.krb_error import KRB_ERROR
from dissectors.codes.krb_etype import KRB_ETYPE
from dissectors.layers.fields import Named, Names, Octets, Secret, Value, flags_of
from dissectors.layers.gss import GSS_Token
from dissectors.layers.packet import GssPacket, element_end, octets
from dissectors.mechs import IAKERB, KERBEROS, KERBEROS_U2U
from dissectors.recognise import CONTEXT_TOKEN_IDS
from dissectors.tokens import build
from dissectors.tokens.model import (
    IakerbMessage,
    KrbApRep,
    KrbApReq,
    KrbError,
    KrbTgtRep,
    KrbTgtReq,
)
from dissectors.visible import visible

_NT_PRINCIPAL = 1


class _Kerberos(GssPacket):
    """Reads one message; `kind` is what the decoder must have found."""

    kind: ClassVar[type[Any]]
    places: ClassVar[dict[str, str]] = {}
    """Where in the token's tree the values stand that the decoded token does not hold."""

    def read(self, data: bytes) -> tuple[dict[str, Any], int]:
        """Read all fields."""
        token, before = self.decoded(data)
        if not isinstance(token, self.kind):
            return {}, 0
        values = {field.name: getattr(token, field.name, None) for field in self.fields_desc}
        at = 2 if data[:2] in CONTEXT_TOKEN_IDS else 0
        values["tok_id"] = data[:at] or None
        for field in token.fields:
            for name, place in self.places.items():
                if field.path.endswith(place):
                    content = data[field.span.start - before : field.span.end - before]
                    values[name] = octets(content) if field.value is None else field.value
        return values, self.finish(values, data, at)

    def finish(self, _values: dict[str, Any], data: bytes, at: int) -> int:
        """Tell where the message ends that begins at `at`."""
        return element_end(data, at)

    def encode(self) -> bytes:
        """Encode the fields in DER."""
        values = {field.name: self.getfieldval(field.name) for field in self.fields_desc}
        if "name_type" in values:
            names = (values["sname"] or "").split("/")
            values["sname"] = (values.pop("name_type") or _NT_PRINCIPAL, names)
        tok_id = values.pop("tok_id") or b""
        return bytes(tok_id) + self.built(values)[2:]

    def built(self, values: dict[str, Any]) -> bytes:
        """Build the message, with a token id."""
        raise NotImplementedError

    def mysummary(self) -> str:
        """Name of the message, and of the service."""
        service = self.getfieldval("sname") if "sname" in self.default_fields else None
        return visible(f"{self.name} {service or ''}").rstrip()


class GSS_KRB_AP_REQ(_Kerberos):
    """AP-REQ (RFC 4120 5.5.1): a ticket for the service and an authenticator, both encrypted."""

    name = "KRB AP-REQ"
    kind = KrbApReq
    places = {
        "name_type": "AP-REQ.ticket.sname.name-type",
        "ticket": "AP-REQ.ticket.enc-part.cipher",
        "authenticator": "AP-REQ.authenticator.cipher",
    }
    fields_desc = [
        Octets("tok_id", b"\x01\x00"),
        Names("ap_options", []),
        Value("realm", ""),
        Value("sname", ""),
        Value("name_type", 2),
        Named("etype", 18, KRB_ETYPE),
        Value("kvno"),
        Secret("ticket", b""),
        Named("authenticator_etype", 18, KRB_ETYPE),
        Secret("authenticator", b""),
    ]
    overload_fields = {GSS_Token: {"this_mech": KERBEROS}}

    def built(self, values: dict[str, Any]) -> bytes:
        """Build the message, with a token id."""
        return build.ap_req(
            realm=values["realm"] or "",
            sname=values["sname"],
            etype=values["etype"] or 0,
            kvno=values["kvno"],
            ticket_cipher=values["ticket"] or b"",
            ap_options=flags_of(values["ap_options"]) or (),
            authenticator_etype=values["authenticator_etype"] or 0,
            authenticator_cipher=values["authenticator"] or b"",
            form="token-id",
        )


class GSS_KRB_AP_REP(_Kerberos):
    """AP-REP (RFC 4120 5.5.2): the service proves itself."""

    name = "KRB AP-REP"
    kind = KrbApRep
    places = {"enc_part": "AP-REP.enc-part.cipher"}
    fields_desc = [
        Octets("tok_id", b"\x02\x00"),
        Named("etype", 18, KRB_ETYPE),
        Secret("enc_part", b""),
    ]
    overload_fields = {GSS_Token: {"this_mech": KERBEROS}}

    def built(self, values: dict[str, Any]) -> bytes:
        """Build the message, with a token id."""
        cipher = values["enc_part"] or b""
        return build.ap_rep(etype=values["etype"] or 0, cipher=cipher, form="token-id")


class GSS_KRB_ERROR(_Kerberos):
    """KRB-ERROR (RFC 4120 5.9.1). Times are GeneralizedTime text, `20261124195008Z`."""

    name = "KRB-ERROR"
    kind = KrbError
    places = {
        "cusec": "KRB-ERROR.cusec",
        "susec": "KRB-ERROR.susec",
        "name_type": "KRB-ERROR.sname.name-type",
        "e_data": "KRB-ERROR.e-data",
    }
    fields_desc = [
        Octets("tok_id", b"\x03\x00"),
        Value("ctime"),
        Value("cusec"),
        Value("stime", "19700101000000Z"),
        Value("susec", 0),
        Named("error_code", 60, KRB_ERROR),
        Value("crealm"),
        Value("cname"),
        Value("realm", ""),
        Value("sname", ""),
        Value("name_type", 2),
        Value("e_text"),
        Secret("e_data"),
    ]
    overload_fields = {GSS_Token: {"this_mech": KERBEROS}}

    def built(self, values: dict[str, Any]) -> bytes:
        """Build the message, with a token id."""
        return build.krb_error(**values, form="token-id")

    def mysummary(self) -> str:
        """Name of the error."""
        code = self.error_code
        return f"{self.name} {KRB_ERROR.get(code, code)}"


class GSS_KRB_TGT_REQ(_Kerberos):
    """TGT-REQ of user-to-user (draft-swift-win2k-krb-user2user 4)."""

    name = "KRB TGT-REQ"
    kind = KrbTgtReq
    places = {"name_type": "TGT-REQ.server-name.name-type"}
    fields_desc = [
        Octets("tok_id", b"\x04\x00"),
        Value("realm"),
        Value("sname"),
        Value("name_type", 2),
    ]
    overload_fields = {GSS_Token: {"this_mech": KERBEROS_U2U}}

    def built(self, values: dict[str, Any]) -> bytes:
        """Build the message, with a token id."""
        sname = None if self.sname is None else values["sname"]
        return build.tgt_req(sname=sname, realm=values["realm"], form="token-id")


class GSS_KRB_TGT_REP(_Kerberos):
    """TGT-REP of user-to-user: a ticket-granting ticket of the acceptor."""

    name = "KRB TGT-REP"
    kind = KrbTgtRep
    places = {
        "name_type": "TGT-REP.ticket.sname.name-type",
        "ticket": "TGT-REP.ticket.enc-part.cipher",
    }
    fields_desc = [
        Octets("tok_id", b"\x04\x01"),
        Value("realm", ""),
        Value("sname", ""),
        Value("name_type", 2),
        Named("etype", 18, KRB_ETYPE),
        Value("kvno"),
        Secret("ticket", b""),
    ]
    overload_fields = {GSS_Token: {"this_mech": KERBEROS_U2U}}

    def built(self, values: dict[str, Any]) -> bytes:
        """Build the message, with a token id."""
        return build.tgt_rep(
            sname=values["sname"],
            realm=values["realm"] or "",
            etype=values["etype"] or 0,
            kvno=values["kvno"],
            ticket_cipher=values["ticket"] or b"",
            form="token-id",
        )


class GSS_IAKERB(_Kerberos):
    """IAKERB_PROXY: a message to or from a KDC (draft-ietf-kitten-iakerb 3).

    `load` are the bytes of that message; `message`, its name, is only read from them.
    """

    name = "IAKERB"
    kind = IakerbMessage
    places = {"cookie": "IAKERB-HEADER.cookie"}
    fields_desc = [
        Octets("tok_id", b"\x05\x01"),
        Value("realm", ""),
        Secret("cookie"),
        Value("message"),
        Secret("load", b""),
    ]
    overload_fields = {GSS_Token: {"this_mech": IAKERB}}

    def finish(self, values: dict[str, Any], data: bytes, at: int) -> int:
        """Take header and message."""
        values["load"] = data[element_end(data, at) :]
        return len(data)

    def encode(self) -> bytes:
        """Encode the header, and put the message behind."""
        header = build.iakerb(
            bytes(self.load or b""), realm=self.realm or "", cookie=self.cookie, form="token-id"
        )
        return self.hold(bytes(self.tok_id or b"") + header[2:], ("message",))


GSS_Token.inside.update(
    {
        KrbApReq: GSS_KRB_AP_REQ,
        KrbApRep: GSS_KRB_AP_REP,
        KrbError: GSS_KRB_ERROR,
        KrbTgtReq: GSS_KRB_TGT_REQ,
        KrbTgtRep: GSS_KRB_TGT_REP,
        IakerbMessage: GSS_IAKERB,
    }
)
