"""Rules beside what they are for: rows that are nearly it, and what the sentence may say of the others."""

from __future__ import annotations

from typing import Any

import pytest
from support.finding_rows import CAPTURE, SECOND, Row, found, logon

KERBEROS = {"mechanism": "kerberos", "mechanism_detail": "aes256-cts-hmac-sha1-96"}

# -- HTTP: WinRM protects its content by the mechanism itself --------------------------------------------


@pytest.mark.parametrize(
    ("protection", "said"), [("seal", "sealed"), ("sign", "signed"), ("none", ""), (None, "")]
)
def test_ntlm_in_the_clear_says_what_protects_the_content(
    protection: str | None, said: str
) -> None:
    """The answer is there to be tried offline in any case; the content may be out of reach."""
    (finding,) = found("NGS-HTTP-001", negotiations=[logon(protection=protection)])
    expected = "10.0.0.20 answered 10.0.0.2 over http by NTLM outside TLS"
    if said:
        expected += f"; the content that follows is {said} by NTLM itself"
    assert finding.why == expected
    assert found("NGS-HTTP-001", negotiations=[logon(protection=protection, tls=True)]) == []


@pytest.mark.parametrize(
    ("cells", "count"),
    [
        ({"protection": "none"}, 1),
        ({"protection": None}, 1),
        ({"protection": "seal"}, 0),
        ({"protection": "sign"}, 0),
        ({"protection": "none", "tls": True}, 0),
        ({"protection": "none", "outcome": "failure"}, 0),
        ({"protection": "none", "carrier": "ldap"}, 0),
    ],
)
def test_kerberos_in_the_clear_is_about_the_content(cells: Row, count: int) -> None:
    """Where Kerberos signs or seals what follows, nothing is in the clear."""
    assert len(found("NGS-HTTP-003", negotiations=[logon(**KERBEROS, **cells)])) == count


# -- SMB: one session, however many channels -------------------------------------------------------------


def session(number: int, exchange: str | None, protection: str = "none", **cells: Any) -> Row:
    """A logon to an SMB session that was used."""
    return logon(number, carrier="smb2", exchange=exchange, protection=protection, **cells)


def test_channels_are_one_session() -> None:
    """Logons of one client that brought one session number; frames and numbers of all are named."""
    (finding,) = found("NGS-SMB-004", negotiations=[session(n, "0x25") for n in (1, 2, 3)])
    assert finding.count == 1
    (place,) = finding.places.values()
    assert list(place.negotiation_ids) == [1, 2, 3]
    assert {10, 20, 30} <= set(place.evidence)
    assert finding.why.endswith("goes on without signatures, over 3 logons")


@pytest.mark.parametrize(
    "other",
    [
        session(2, "0x26"),
        session(2, "0x25", client="10.0.0.21"),
        session(2, None),
        session(2, "0x25") | {"carrier": "smb1"},
        session(2, "0x25", capture="another.pcapng"),
    ],
)
def test_other_sessions_are_counted_apart(other: Row) -> None:
    """Another number, another client, SMB 1 (whose numbers count each connection), another capture."""
    (finding,) = found("NGS-SMB-004", negotiations=[session(1, "0x25"), other])
    assert finding.count == 2


@pytest.mark.parametrize(
    "cells",
    [
        {"protection": "sign"},
        {"protection": "seal"},
        {"reason": "guest_access"},
        {"reason": "anonymous"},
        {"mechanism_detail": "anonymous"},
        {"outcome": "failure"},
        {"carrier": "http"},
    ],
)
def test_a_session_that_is_not_unsigned(cells: Row) -> None:
    """Protected, nameless, refused, or none at all."""
    assert found("NGS-SMB-004", negotiations=[session(1, "0x25") | cells]) == []


# -- offers and tokens -----------------------------------------------------------------------------------


def offers(*names: str, carrier: str = "http", **cells: Any) -> list[Row]:
    """What a server lists in one message, which came two seconds before the logon."""
    place = {
        "capture": CAPTURE,
        "stream_id": 1,
        "frame": 8,
        "ts": 8,
        "by": "server",
        "carrier": carrier,
    }
    ends = {"client": "10.0.0.20", "server": "10.0.0.2", "negotiation_id": 1}
    return [place | ends | {"rank": n, "mech": name} | cells for n, name in enumerate(names, 1)]


@pytest.mark.parametrize(
    ("names", "listed"),
    [
        (("NTLM",), "NTLM"),
        (("ntlm",), "ntlm"),
        (("NTLM", "Basic"), "NTLM, Basic"),
        (("Negotiate", "NTLM"), None),
        (("ntlm", "kerberos"), None),
        (("NTLM", "Digest"), "NTLM, Digest"),
        (("CRAM-MD5", "NTLM", "PLAIN"), "CRAM-MD5, NTLM, PLAIN"),
        (("NTLM", "SCRAM-SHA-256"), None),
        (("NTLM", "Bearer"), None),
        (("Digest",), None),
        (("Basic",), None),
        (("plain",), None),
    ],
)
def test_a_server_that_lists_ntlm_only(names: tuple[str, ...], listed: str | None) -> None:
    """Nothing stronger beside it; what lists no NTLM is not meant."""
    made = found("NGS-NTLM-013", negotiations=[logon()], offers=offers(*names))
    told = [finding.why for finding in made]
    expected = f"10.0.0.2 on port 80 offers 10.0.0.20 over http nothing but {listed}"
    assert told == ([] if listed is None else [expected])


@pytest.mark.parametrize(
    ("code", "frame", "judged"),
    [("snaplen", 8, False), ("snaplen", 9, True), ("gap", 9, False), ("cut-off", 8, True)],
)
def test_a_list_that_is_cut_is_not_judged(code: str, frame: int, judged: bool) -> None:
    """Negotiate may have stood in what is lost; a packet that was cut elsewhere changes nothing."""
    cut = [{"capture": CAPTURE, "stream_id": 1, "frame": frame, "code": code, "group": "gap"}]
    made = found("NGS-NTLM-013", negotiations=[logon()], offers=offers("NTLM"), anomalies=cut)
    assert bool(made) is judged


def test_a_list_that_nobody_took_up_has_a_time() -> None:
    """It is no negotiation's; its own frame tells when."""
    nobodys = offers("NTLM", negotiation_id=None)
    (finding,) = found("NGS-NTLM-013", offers=nobodys)
    assert (finding.first_seen, finding.last_seen) == (8, 8)
    assert finding.why == "10.0.0.2 offers 10.0.0.20 over http nothing but NTLM"
    for tls, sure in ((False, "certain"), (None, "likely")):
        basic = offers("Basic", negotiation_id=None, tls=tls)
        (finding,) = found("NGS-HTTP-002", offers=basic)
        assert (finding.first_seen, finding.confidence) == (8, sure)
    assert found("NGS-HTTP-002", offers=offers("Basic", negotiation_id=None, tls=True)) == []


@pytest.mark.parametrize(
    ("source", "record", "count"),
    [
        ("llmnr", "A", 1),
        ("llmnr", "AAAA", 1),
        ("nbns", "NB", 1),
        ("llmnr", "PTR", 0),  # the name of an address
        ("llmnr", "ANY", 0),  # whether one's own name is free
        ("nbns", "NBSTAT", 0),  # what a known host calls itself
        ("mdns", "A", 0),
        ("dns", "A", 0),
    ],
)
def test_names_asked_of_everybody(source: str, record: str, count: int) -> None:
    """Only where an answer would lead the client to a host."""
    row = {"capture": CAPTURE, "client": "10.0.0.20", "source": source, "record": record}
    row |= {"name": "fs1", "rcode": "no-answer", "frame": 1, "ts": 1}
    assert len(found("NGS-NAME-002", names=[row | {"broadcast": source != "dns"}])) == count
    assert found("NGS-NAME-002", names=[row | {"broadcast": False}]) == []  # WINS was asked


@pytest.mark.parametrize(
    ("broadcast", "challenged", "cut", "count"),
    [
        (True, True, False, 1),
        (False, True, False, 0),
        (True, False, False, 0),
        (True, True, True, 0),
    ],
)
def test_a_name_servers_answer_is_no_neighbours(
    broadcast: bool, challenged: bool, cut: bool, count: int
) -> None:
    """WINS leads to a server by right, also under a name that is not the server's own.

    What it calls itself must be there: a challenge, and all of it.
    """
    answer = {"capture": CAPTURE, "client": "10.0.0.20", "source": "nbns", "record": "NB"}
    answer |= {"name": "alias", "addresses": ["10.0.0.2"], "responder": "10.0.0.9"}
    answer |= {"rcode": "NOERROR", "frame": 1, "ts": SECOND, "broadcast": broadcast}
    asked = logon(server_name="alias")
    said = {"capture": CAPTURE, "negotiation_id": 1, "frame": 11, "anomalies": int(cut)}
    said |= {"token_type": "NTLM_CHALLENGE", "ntlm_challenge_id": "00"}
    oddity = {"capture": CAPTURE, "frame": 11, "code": "truncated"}
    made = found(
        "NGS-NAME-001",
        names=[answer],
        negotiations=[asked],
        tokens=[said] if challenged else [],
        anomalies=[oddity] if cut else [],
    )
    assert len(made) == count


def test_kerberos_without_spnego_is_told_by_client() -> None:
    """Each client once, and not where the carrier's scheme names the mechanism, as WinRM's does."""
    raw = {**KERBEROS, "wrapper": "raw-kerberos"}
    rows = [
        logon(1, **raw, carrier="smb2"),
        logon(2, **raw, carrier="smb2"),
        logon(3, **raw, scheme="Negotiate", client="10.0.0.21"),
        logon(4, **raw, carrier="ldap", scheme="GSSAPI", client="10.0.0.22"),
        logon(5, **raw, scheme="Kerberos", client="10.0.0.22"),
        logon(6, **KERBEROS, client="10.0.0.23"),
    ]
    made = found("NGS-KRB-007", negotiations=rows)
    assert {(f.subject_kind, f.subject): f.count for f in made} == {
        ("client", "10.0.0.20"): 2,
        ("client", "10.0.0.21"): 1,
    }


def challenges(
    *servers: str, value: str = "0011223344556677", **cells: Any
) -> dict[str, list[Row]]:
    """Logons to these servers, each with the same challenge."""
    rows = [
        logon(n, server=server, carrier="smb2", exchange=f"0x{n}", **cells)
        for n, server in enumerate(servers, 1)
    ]
    tokens = [
        {
            "capture": CAPTURE,
            "negotiation_id": row["negotiation_id"],
            "frame": row["frames"][1],
            "frames": [row["frames"][1]],
            "ts": row["started"],
            "inner_type": "NTLM_CHALLENGE",
            "ntlm_challenge_id": value,
        }
        for row in rows
    ]
    return {"negotiations": rows, "tokens": tokens}


def test_many_servers_with_one_challenge() -> None:
    """Three are a constant, told of each of them; two may be a relay, which is another rule's business."""
    three = found("NGS-RELAY-005", **challenges("10.0.0.2", "10.0.0.3", "10.0.0.4"))
    assert sorted(finding.subject for finding in three) == ["10.0.0.2", "10.0.0.3", "10.0.0.4"]
    assert three[0].why.endswith("the challenge that 2 other servers gave")
    shown = [
        each for finding in three for place in finding.places.values() for each in place.evidence
    ]
    assert len(shown) == 6  # each challenge, and one of the others
    assert found("NGS-RELAY-005", **challenges("10.0.0.2", "10.0.0.3")) == []
    assert found("NGS-RELAY-001", **challenges("10.0.0.2", "10.0.0.3", "10.0.0.4")) == []


def test_a_middle_box_is_not_many_servers() -> None:
    """One exchange that is handed on has one session number, wherever it is seen."""
    made = challenges("10.0.0.2", "10.0.0.3", "10.0.0.4")
    for row in made["negotiations"]:
        row["exchange"] = "0x1"
    assert found("NGS-RELAY-005", **made) == []


def test_one_server_with_one_challenge_twice() -> None:
    """On two connections, to one client or to two."""
    (finding,) = found("NGS-RELAY-005", **challenges("10.0.0.2", "10.0.0.2"))
    assert (finding.subject, finding.count) == ("10.0.0.2", 1)


# -- one client, or several ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bare", "safe", "said"),
    [
        (["10.0.0.20"], ["10.0.0.21"], "(10.0.0.20)"),
        (
            ["10.0.0.20"],
            ["10.0.0.20"],
            "(10.0.0.20, the same client: it or the server was set otherwise from one to the other)",
        ),
        (
            ["10.0.0.21", "10.0.0.20"],
            ["10.0.0.20", "10.0.0.22"],
            "(10.0.0.21; there are both of 10.0.0.20: it or the server was set otherwise from one to the other)",
        ),
    ],
)
def test_clients_differ_or_one_of_them_changed(bare: list[str], safe: list[str], said: str) -> None:
    """Sessions of one client that differ show no other client's setting."""
    rows = [session(n, f"0x{n}", client=client) for n, client in enumerate(bare, 1)]
    rows += [session(n, f"0x{n}", "sign", client=client) for n, client in enumerate(safe, 11)]
    (finding,) = found("NGS-SMB-011", negotiations=rows)
    assert finding.why.endswith(said)


# -- a proof, and a try ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({}, "proved a password to 10.0.0.2"),
        ({"outcome": "failure", "reason": "bad_credentials"}, "and was refused"),
        ({"outcome": "failure", "reason": "wrong_password"}, "and was refused"),
        # refused at once: the name is unknown, and no proof was sent
        ({"outcome": "failure", "reason": "bad_credentials", "frames": [10, 11]}, None),
        ({"outcome": "failure", "reason": "policy_denied"}, "and was refused"),
        ({"outcome": "incomplete", "reason": "no_answer"}, "tried a password"),
        ({"outcome": "failure", "reason": "mechanism_refused", "frames": [10, 11]}, None),
        ({"outcome": "failure", "mechanism_detail": "no-secret"}, None),
        ({"outcome": "incomplete", "reason": "client_gave_up", "frames": [10, 11]}, None),
        ({"tls": True}, None),
    ],
)
def test_a_refused_client_has_proved_nothing(cells: Row, words: str | None) -> None:
    """It sent what a password can be found by, the right one or not."""
    run = {"mechanism": "scram", "scheme": "SCRAM-SHA-256", "mechanism_detail": None}
    scram = logon(carrier="ldap", **(run | cells))
    told = [finding.why for finding in found("NGS-LDAP-004", negotiations=[scram])]
    assert len(told) == (words is not None)
    assert all(words in why for why in told if words)


@pytest.mark.parametrize(
    ("options", "count"), [(None, 0), (["mutual-required"], 0), ([], 1), (["use-session-key"], 1)]
)
def test_options_that_are_cut_off_may_ask_for_a_proof(
    options: list[str] | None, count: int
) -> None:
    """Null is not none of them."""
    request = {"capture": CAPTURE, "negotiation_id": 1, "frame": 10, "frames": [10]}
    request |= {"token_type": "KRB_AP_REQ", "krb_ap_options": options}
    assert len(found("NGS-KRB-003", negotiations=[logon(**KERBEROS)], tokens=[request])) == count


# -- one token, two lists of mechanisms ------------------------------------------------------------------


def hops(
    token: Row, *, far: Row | None = None, lists: tuple[list[str], ...] = (["a"], ["b"])
) -> dict[str, list[Row]]:
    """The same token of a client and of its server, each behind a list of its own."""
    near = logon(1, offered_mechs=lists[0], first_frame=10)
    behind = {"client": "10.0.0.2", "server": "10.0.0.3", "offered_mechs": lists[1]}
    rows = [near, logon(2, first_frame=20, **(behind | (far or {})))]
    place = {"capture": CAPTURE, "anomalies": 0}
    tokens = [
        place | {"negotiation_id": n, "frame": 10 * n + at, "token_type": kind} | more
        for n in (1, 2)
        for at, kind, more in ((0, "NegTokenInit", {}), (1, "NegTokenResp", token))
    ]
    return {"negotiations": rows, "tokens": tokens}


ANSWER = {"inner_type": "NTLM_AUTHENTICATE", "ntlm_response": "ntlmv2", "ntlm_response_id": "00"}
AP_REQ = {"inner_type": "KRB_AP_REQ", "inner_sha256": "00" * 32, "krb_authenticator_length": 200}


@pytest.mark.parametrize(
    ("token", "far", "sure"),
    [
        (ANSWER, {}, "certain"),
        (ANSWER, {"client": "10.0.0.9"}, "certain"),
        (ANSWER, {"client": "10.0.0.20", "server": "10.0.0.2"}, "certain"),
        (AP_REQ, {}, "certain"),
        (AP_REQ, {"client": "10.0.0.9"}, "likely"),
    ],
)
def test_one_token_behind_two_lists(token: Row, far: Row, sure: str) -> None:
    """Who sent it first wrote one of them."""
    (finding,) = found("NGS-SPNEGO-003", **hops(token, far=far))
    assert (finding.confidence, finding.count) == (sure, 1)
    (place,) = finding.places.values()
    assert list(place.evidence) == [10, 20, 11, 21]
    assert list(place.negotiation_ids) == [1, 2]


def test_two_tokens_of_one_pair_are_told_once() -> None:
    """A client that sends a ticket first and answers by NTLM then."""
    made = hops(ANSWER)
    made["tokens"] += hops(AP_REQ)["tokens"]
    (finding,) = found("NGS-SPNEGO-003", **made)
    assert finding.count == 1
    assert finding.why.endswith("with the same NTLM answer")


@pytest.mark.parametrize(
    ("token", "far", "lists"),
    [
        (AP_REQ, {}, (["a"], ["a"])),
        (AP_REQ, {}, (["a"], [])),
        (AP_REQ, {"stream_id": 1}, (["a"], ["b"])),
        (AP_REQ, {"capture": "another.pcapng"}, (["a"], ["b"])),
        (AP_REQ, {"client": "10.0.0.20", "server": "10.0.0.2"}, (["a"], ["b"])),  # tried again
        (AP_REQ | {"krb_authenticator_length": None}, {}, (["a"], ["b"])),  # only the ticket
    ],
)
def test_lists_that_nobody_changed(token: Row, far: Row, lists: tuple[list[str], ...]) -> None:
    """The same list, no list, one connection, another capture, or a client that tries again."""
    assert found("NGS-SPNEGO-003", **hops(token, far=far, lists=lists)) == []


@pytest.mark.parametrize("token", [ANSWER, AP_REQ])
@pytest.mark.parametrize("frame", [10, 20])
def test_a_list_that_is_cut_off_is_no_other(token: Row, frame: int) -> None:
    """What is left of it differs from the whole."""
    made = hops(token)
    made["anomalies"] = [{"capture": CAPTURE, "frame": frame, "code": "truncated"}]
    for each in made["tokens"]:
        each["anomalies"] = int(each["frame"] == frame)
    assert found("NGS-SPNEGO-003", **made) == []


@pytest.mark.parametrize(
    ("carrier", "said", "rules"),
    [
        ("smb1", "disabled", {"NGS-SMB-010": 2}),
        ("smb2", "disabled", {"NGS-SMB-002": 1, "NGS-SMB-003": 1}),
        ("smb2", "enabled", {"NGS-SMB-002": 1, "NGS-SMB-003": 1}),
        ("smb1", "enabled", {"NGS-SMB-002": 1, "NGS-SMB-003": 1}),
        ("smb2", "required", {}),
        ("smb1", "required", {}),
    ],
)
def test_smb_2_can_always_sign(carrier: str, said: str, rules: dict[str, int]) -> None:
    """Without any flag it demands no signatures; of SMB 1 that means that there are none (MS-SMB2 2.2.3, 2.2.4)."""
    row = logon(carrier=carrier, server_signing=said, client_signing=said)
    for rule in ("NGS-SMB-002", "NGS-SMB-003", "NGS-SMB-010"):
        assert len(found(rule, negotiations=[row])) == rules.get(rule, 0)
