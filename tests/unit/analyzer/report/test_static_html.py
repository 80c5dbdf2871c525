"""Static views: what a notebook keeps of negotiations and tokens."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from support.messages import ntlm_authenticate, ntlm_challenge, resp_token

from analyzer.analysis import read
from analyzer.explain import explain
from analyzer.report.closeup import BYTES_SHOWN, SECRET, closeup, token_closeup
from analyzer.report.ladder_svg import after, ladder_svg
from analyzer.report.legs import Leg, legs
from analyzer.report.shown_bytes import hidden_spans
from analyzer.report.static_html import hex_text, negotiation_html
from dissectors.carriers.base import CLIENT
from dissectors.span import Field, Span
from dissectors.tokens import dissect_token

CAPTURE = Path(__file__).resolve().parents[4] / "captures" / "smb" / "mixed" / "capture.pcapng"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def refused():
    """A logon by NTLM that is refused: six messages, five tokens."""
    return read(CAPTURE).negotiation(5)


def texts(drawing: str) -> list[str]:
    return [text.text or "" for text in ET.fromstring(drawing).iter(f"{SVG}text")]


def test_the_ladder_shows_every_leg_with_frame_and_time(refused):
    drawn = texts(ladder_svg(legs(refused.negotiation), "fd99::20:34876", "fd99::1:445"))
    assert drawn[:2] == ["fd99::20:34876", "fd99::1:445"]
    assert "NegTokenResp, accept-incomplete, selects ntlm" in drawn
    assert "NTLM_AUTHENTICATE, NEGO\\grace, ntlmv2" in drawn
    for leg in legs(refused.negotiation):
        assert str(leg.frame) in drawn
        assert set(leg.labels) <= set(drawn)


def test_an_arrow_points_from_its_sender():
    """The client stands left."""
    both = [Leg(1, 0, CLIENT, ("asks",)), Leg(2, 5_000_000, 1 - CLIENT, ("answers",))]
    root = ET.fromstring(ladder_svg(both, "c", "s"))
    first, second = (tip.get("points", "").split()[0] for tip in root.iter(f"{SVG}polygon"))
    assert float(first.split(",")[0]) > float(second.split(",")[0])
    assert "frame 2, server: answers" in root.get("aria-label", "")


def test_a_long_label_is_cut_and_whole_in_the_tooltip():
    """However long it is, it is drawn once, and nothing leaves the picture."""
    label = "offers " + "x" * 1_000_000
    root = ET.fromstring(ladder_svg([Leg(1, 0, CLIENT, (label,))], "c", "s"))
    assert max(len(text.text or "") for text in root.iter(f"{SVG}text")) < 100
    tips = [tip.text or "" for tip in root.iter(f"{SVG}title")]
    assert tips[0].startswith(label[:400])
    assert len(tips[0]) < 1_000


@pytest.mark.parametrize(
    ("passed", "text"),
    [(0, "0"), (400_000, "+0.4ms"), (12_300_000_000, "+12.3s"), (-3_000_000, "-3.0ms"), (7_200 * 10**9, "+120min")],
)  # fmt: skip
def test_times_are_short(passed, text):
    assert after(passed) == text
    assert len(text) <= 8


def test_the_page_is_balanced_and_has_every_token(refused):
    page = negotiation_html(refused)
    assert page.count("<details") == page.count("</details>")
    for step in refused.steps:
        if step.token is not None:
            assert f"frame {step.frame}, {step.role}" in page
    assert "bad_credentials" in page
    assert "<script" not in page


def test_hex_stands_beside_the_tree_without_secrets():
    """Every byte is there, secrets as dots, parts of a secret too."""
    token = dissect_token(
        resp_token(ntlm_authenticate("eve".encode("utf-16-le"), nt=b"n" * 60, lm=b"l" * 24))
    )
    told = token_closeup(token)
    shown = hex_text(told)
    assert "6e 6e" not in shown
    assert "6c 6c" not in shown
    assert "4e 54 4c 4d" in shown
    dots = sum(line[8:55].count("··") for line in shown.splitlines())
    assert dots == sum(end - start for start, end in told["hidden"]) > 80
    assert token_closeup(token, with_secrets=True)["hidden"] == []
    assert "6e 6e 6e" in hex_text(token_closeup(token, with_secrets=True))


def test_secrets_are_told_only_where_asked_for():
    token = dissect_token(ntlm_challenge(b"Kan%rie8", "DOM".encode("utf-16-le")))
    hidden = [field for field in token_closeup(token)["fields"] if field[6] & SECRET]
    told = [
        field for field in token_closeup(token, with_secrets=True)["fields"] if field[6] & SECRET
    ]
    assert [field[1] for field in hidden] == [field[1] for field in told] == ["ServerChallenge"]
    assert "not shown" in hidden[0][2]
    assert told[0][2] == b"Kan%rie8".hex()


def test_of_a_huge_token_the_beginning_is_shown():
    """All its fields are told; the number of the other bytes, too."""
    told = token_closeup(dissect_token(b"NTLMSSP\0" + bytes(200_000)))
    lines = hex_text(told).splitlines()
    assert len(lines) == BYTES_SHOWN // 16 + 1
    assert lines[-1] == "… 195,912 bytes more"


def test_hidden_ranges_are_joined_and_clipped():
    def field(start: int, end: int, *, secret: bool) -> Field:
        return Field("a", "a", None, "", Span(start, end), secret)

    fields = [
        field(0, 9, secret=False),
        field(8, 12, secret=True),
        field(2, 4, secret=True),
        field(11, 99, secret=True),
    ]
    assert hidden_spans(20, fields) == [Span(2, 4), Span(8, 20)]
    assert hidden_spans(1, fields) == []


def test_a_closeup_holds_what_json_holds(refused):
    import json

    told = closeup(refused)
    assert json.loads(json.dumps(told))["legs"][3]["token"]["heading"] == "NegTokenResp, 181 bytes"
    assert [leg["token"] is None for leg in told["legs"]] == [False] * 5 + [True]


def test_a_text_s_tokens_show_their_negotiation():
    """Several tokens pasted: the ladder first."""
    first, *rest = (step.token.raw for step in read(CAPTURE).negotiation(6).steps if step.token)
    from base64 import b64encode

    page = explain("\n".join(b64encode(raw).decode() for raw in (first, *rest)))._repr_html_()
    assert page.count("<svg") == 1
    parser = HTMLParser()
    parser.feed(page)
    assert page.count("<details") == page.count("</details>") > 5
