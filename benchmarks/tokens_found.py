"""What both programs are asked, and whether they found what the generator had put in.

tshark lists all frames with GSS-API, NTLM or SPNEGO in them and the fields by which their tokens can be
counted, in one pass; it joins swapped segments only if told to, and misses their tokens otherwise. negoscope
writes every negotiation with all columns, so it does more: it pairs tokens, reads outcomes, gives reasons.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

FIELDS = (
    "frame.number",
    "ntlmssp.messagetype",
    "spnego.negTokenInit_element",
    "spnego.negTokenTarg_element",
    "kerberos.msg_type",
)
FILTER = "gss-api or ntlmssp or spnego"
SETTING = ("-o", "tcp.reassemble_out_of_order:TRUE")
NTLM = {1: "NTLM_NEGOTIATE", 2: "NTLM_CHALLENGE", 3: "NTLM_AUTHENTICATE"}
KERBEROS = {14: "KRB_AP_REQ", 15: "KRB_AP_REP"}

Counts = dict[str, int]


def ask_tshark(tshark: str, capture: Path) -> list[str]:
    """The command line; `SETTING` included."""
    fields = [word for name in FIELDS for word in ("-e", name)]
    return [tshark, "-n", *SETTING, "-r", str(capture), "-Y", FILTER, "-T", "fields", *fields]


def ask_negoscope(negoscope: list[str], capture: Path, table: str = "negotiations") -> list[str]:
    """The command line for all rows of a table, read by one process."""
    return [*negoscope, table, str(capture), "--format", "jsonl", "--quiet", "--jobs", "1"]


def of_truth(tokens: Mapping[str, int]) -> Counts:
    """The generator's tokens; tshark gives both of SPNEGO's first tokens one name."""
    made = Counter(dict(tokens))
    made["NegTokenInit"] += made.pop("NegTokenInit2", 0)
    return {name: count for name, count in sorted(made.items()) if count}


def of_negoscope(lines: Iterable[str]) -> Counts:
    """Tokens in the rows of `negoscope tokens --format jsonl`."""
    made: Counter[str] = Counter()
    for line in lines:
        row = json.loads(line)
        made[row["token_type"]] += 1
        if row["inner_type"] is not None:
            made[row["inner_type"]] += 1
    return of_truth(made)


def of_tshark(lines: Iterable[str]) -> Counts:
    """Tokens in tshark's lines; a field that a frame holds twice is told with a comma."""
    made: Counter[str] = Counter()
    for line in lines:
        _, ntlm, init, resp, kerberos = line.rstrip("\n").split("\t")
        made["NegTokenInit"] += _count(init)
        made["NegTokenResp"] += _count(resp)
        made.update(NTLM[int(kind, 16)] for kind in ntlm.split(",") if kind)
        made.update(KERBEROS[int(kind)] for kind in kerberos.split(",") if kind)
    return {name: count for name, count in sorted(made.items()) if count}


def _count(field: str) -> int:
    return field.count(",") + 1 if field else 0


def differences(truth: Counts, found: Counts, who: str) -> list[str]:
    """One sentence for each kind of token of which there are too many or too few."""
    return [
        f"{who} found {found.get(name, 0)} {name}, not {truth.get(name, 0)}"
        for name in sorted(truth.keys() | found.keys())
        if found.get(name, 0) != truth.get(name, 0)
    ]
