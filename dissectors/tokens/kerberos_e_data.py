"""What a KRB-ERROR's e-data holds besides pre-authentication data: Windows' errors and typed data.

    KERB-ERROR-DATA  SEQUENCE { [1] data-type  [2] data-value OPTIONAL }
    KERB-EXT-ERROR   status 4  reserved 4  flags 4, little-endian: data-value of data-type 3
    TYPED-DATA       SEQUENCE OF SEQUENCE { [0] data-type  [1] data-value OPTIONAL }
    METHOD-DATA      SEQUENCE OF SEQUENCE { [1] padata-type  [2] padata-value }

Which one it is shows in its own first tags, not in the error's code.

Spec: RFC 4120 5.9.1, MS-KILE 2.2.1-2.2.2.
"""

from __future__ import annotations

from typing import Literal

from dissectors.codes.krb_padata import KRB_PADATA
from dissectors.der import SEQUENCE, Reader
from dissectors.tokens.asn1_leaves import OCTETS, little_endian, number
from dissectors.tokens.asn1_nodes import ByMember, Layout, ListOf, Members

EDataForm = Literal["METHOD-DATA", "TYPED-DATA", "KERB-ERROR-DATA"]

DATA_TYPES = {
    1: "KERB_AP_ERR_TYPE_NTSTATUS",
    2: "KERB_AP_ERR_TYPE_SKEW_RECOVERY",
    3: "KERB_ERR_TYPE_EXTENDED",
}
EXTENDED = 3
EXT_ERROR_LENGTH = 12


def _status(value: int) -> str:
    from dissectors.codes.nt_status import NT_STATUS  # noqa: PLC0415 - a large table, seldom wanted

    return f"0x{value:08X} ({NT_STATUS[value]})" if value in NT_STATUS else f"0x{value:08X}"


def _hexadecimal(value: int) -> str:
    return f"0x{value:08X}"


EXT_ERROR = Layout(
    (
        ("status", 4, little_endian(_status)),
        ("reserved", 4, little_endian(_hexadecimal)),
        ("flags", 4, little_endian(_hexadecimal)),
    )
)
ERROR_DATA = Members(
    {
        1: ("data-type", number(DATA_TYPES)),
        2: ("data-value", ByMember(1, {EXTENDED: EXT_ERROR})),
    }
)
TYPED_DATA = ListOf(Members({0: ("data-type", number(KRB_PADATA)), 1: ("data-value", OCTETS)}))


def is_ext_error(data: bytes) -> bool:
    """Whether these octets are a KERB-EXT-ERROR and no salt: their `reserved` must be zero."""
    return len(data) == EXT_ERROR_LENGTH and data[4:8] == bytes(4)


def e_data_form(data: bytes) -> EDataForm | None:
    """Type of what e-data holds, by its first tags; None if it is none of the three."""
    reader = Reader(data)
    sequence = reader.read(0, len(data))
    if sequence is None or sequence[0] != SEQUENCE:
        return None
    first = reader.read(sequence[1], sequence[2])
    if first is None:
        return "METHOD-DATA" if sequence[1] == sequence[2] else None
    if first[0] == 0xA1:
        return "KERB-ERROR-DATA"
    if first[0] != SEQUENCE:
        return None
    member = reader.read(first[1], first[2])
    if member is None or member[0] not in (0xA0, 0xA1):
        return None
    return "METHOD-DATA" if member[0] == 0xA1 else "TYPED-DATA"
