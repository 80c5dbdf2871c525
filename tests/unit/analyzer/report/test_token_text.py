"""A token's tree as lines."""

from __future__ import annotations

from time import process_time

import pytest
from support.messages import KERBEROS, NTLM, ap_req, init_token

from analyzer.explain import explain
from analyzer.report.explained import explain_token

NEGOTIATE = "4e544c4d535350000100000097b208e2" + "00" * 16


@pytest.mark.parametrize("width", [80, 100])
def test_long_fields_hang_below_their_names(width: int) -> None:
    """Flags by name do not fit a terminal's line; no word of them is lost or cut."""
    lines = explain(NEGOTIATE).lines(width)
    assert max(map(len, lines)) <= width
    (at,) = (number for number, line in enumerate(lines) if "NegotiateFlags: " in line)
    column = lines[at].index(": ") + 2
    assert lines[at + 1][:column].isspace()


def test_every_field_has_a_line_with_its_range() -> None:
    """Start, end, name and text; plain words beside them unless unwanted."""
    explained = explain(
        init_token(KERBEROS, ap_req(b"LAB", (b"HTTP", b"web"), b"T" * 40, b"A" * 40))
    )
    plain = explained.lines(200, meanings=False)
    told = explained.lines(200)
    rows = {(_range(line), line.split()[1].rstrip(":")) for line in plain[2:] if _range(line)}
    for field in explained.token.fields:
        assert (tuple(field.span), field.name.split()[0]) in rows, field.path
    assert any("· the service's name (SPN)" in line for line in told)
    assert not any("·" in line for line in plain)


def test_a_megabyte_of_hex_is_written_in_time() -> None:
    """The lines of a huge secret take time that grows with its length alone, and hold all of it."""
    began = process_time()
    lines = explain_token(init_token(NTLM, b"\xab" * (1 << 20))).lines(secrets=True)
    assert process_time() - began < 1
    assert "".join(lines).count("a") >= 1 << 20
    assert max(map(len, lines)) <= 100


def _range(line: str) -> tuple[int, int] | None:
    words = line.split()
    start, _, end = words[0].partition("-") if words else ("", "", "")
    return (int(start), int(end)) if start.isdigit() and end.isdigit() else None


def test_secrets_show_only_when_asked_for() -> None:
    """A cipher is told by its size, or in hex."""
    explained = explain(init_token(KERBEROS, ap_req(b"LAB", (b"HTTP",), b"T" * 40, b"A" * 40)))
    secret = (b"T" * 40).hex()
    assert secret not in "".join(explained.lines(10_000))
    assert secret in "".join(explained.lines(10_000, secrets=True))
