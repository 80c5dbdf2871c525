#!/usr/bin/env python3
"""Records cases: runs each one's commands on the lab's desk while tcpdump listens there, and writes its folder.

record.py [--cards] [CASE...]    all of them, or those whose `carrier/name` begins with one of the words

With --cards nothing is recorded: only case.toml is written anew, because words of a case changed. Recording removes
expected.jsonl, for frames have other numbers then; see expect.py.
"""

import datetime
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import case_file
import frames
from cases import Case, all_cases

RECORD = Path(__file__).resolve().parent
CAPTURES = RECORD.parent
LAB = Path(os.environ.get("LAB", "/tmp/lab"))
PACKAGES = {
    "samba": "samba", "smbclient": "smbclient", "smbtorture": "samba-testsuite", "apache": "apache2-bin",
    "mod_auth_gssapi": "libapache2-mod-auth-gssapi", "gss-ntlmssp": "gss-ntlmssp", "squid": "squid",
    "openldap": "slapd", "ldapsearch": "ldap-utils", "cyrus-sasl": "libsasl2-2", "ldbsearch": "ldb-tools",
    "curl": "curl", "mit-krb5": "libkrb5-3", "krb5-user": "krb5-user", "openssl": "openssl",
    "mit-kdc": "krb5-kdc",
    "nmap": "nmap", "dnsmasq": "dnsmasq-base", "cups": "cups-daemon",
}  # fmt: skip


def version(software: str) -> str:
    """`software` with its version: that of the Debian package, or of the Python package in the lab's venv."""
    if software == "heimdal":  # unpacked, not installed
        [package] = (LAB / "heimdal/packages").glob("heimdal-kdc_*.deb")
        return f"heimdal {_out('dpkg-deb', '-f', str(package), 'Version')} (Debian)"
    if software in PACKAGES:
        out = _out("dpkg-query", "-W", "-f", "${Version}", PACKAGES[software])
        return f"{software} {re.sub(r'^[0-9]+:', '', out)} (Debian)"
    program = f"import importlib.metadata as m; print(m.version({software!r}))"
    return f"{software} {_out(str(LAB / 'venv/bin/python'), '-c', program)}"


def _out(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def on_desk(script: str, case: Case) -> subprocess.CompletedProcess:
    """Run `script` on the lab's desk, with a credentials cache of its own and the recipe's clients at hand."""
    cache = f"export KRB5CCNAME={LAB}/desk/cc-{case.carrier}-{case.name}"
    lines = [
        f". {shlex.quote(str(RECORD / 'lab.sh'))}",
        "set +e",
        cache,
        f"export SSLKEYLOGFILE={LAB}/desk/tls-keys" if case.tls else "",
        ". $RECIPE/desk.sh",
        script,
    ]
    inner = shlex.quote("\n".join(lines))
    command = f". {shlex.quote(str(RECORD / 'lab.sh'))}; on desk bash -c {inner}"
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=120, check=False
    )


def record(case: Case) -> None:
    """Record one case and write capture.pcapng and case.toml."""
    folder = CAPTURES / case.carrier / case.name
    folder.mkdir(parents=True, exist_ok=True)
    raw = LAB / "desk" / "raw.pcap"
    (LAB / "desk" / f"cc-{case.carrier}-{case.name}").unlink(missing_ok=True)
    key_log = LAB / "desk" / "tls-keys"
    key_log.unlink(missing_ok=True)
    if case.before:
        on_desk(case.before, case)
    listen = f"exec ip netns exec nego-desk tcpdump -i eth0 -n -s 0 --immediate-mode -B 16384 --time-stamp-precision=nano -Z root -w {raw}"
    dump = subprocess.Popen(["bash", "-c", listen], stderr=subprocess.PIPE, text=True)
    dump.stderr.readline()
    time.sleep(0.3)
    started = datetime.datetime.now(datetime.UTC)
    done = on_desk(case.script, case)
    time.sleep(0.4)
    dump.send_signal(signal.SIGINT)
    told = dump.communicate()[1]
    if case.after:
        on_desk(case.after, case)
    log = LAB / "log" / f"{case.carrier}-{case.name}.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text(f"$ {case.script}\n{done.stdout}{done.stderr}\nexit {done.returncode}\n{told}")
    kept = frames.read(raw)
    if not kept:
        sys.exit(f"{case.carrier}/{case.name}: nothing was recorded, see {log}")
    frames.write_pcapng(
        folder / "capture.pcapng",
        kept,
        snaplen=262144,
        key_log=key_log.read_bytes() if case.tls else b"",
    )
    case_file.save(f"{case.carrier}/{case.name}", describe(case, started.date()))
    (folder / "expected.jsonl").unlink(missing_ok=True)
    size = (folder / "capture.pcapng").stat().st_size
    drops = "" if "0 packets dropped by kernel" in told else "  DROPS"
    print(
        f"{case.carrier}/{case.name}: {len(kept)} frames, {size} bytes, exit {done.returncode}{drops}"
    )


def describe(case: Case, day: datetime.date) -> dict[str, Any]:
    """What case.toml says of a case recorded on `day`."""
    return {
        "title": case.title,
        "purpose": case.purpose,
        "made_by": f"python captures/record/record.py {case.carrier}/{case.name}",
        "date": day,
        "peers": {
            "client": [version(one) for one in case.client],
            "server": [version(one) for one in case.server],
        },
        "secrets": case.secrets,
        "expect": {"negotiations": case.negotiations}
        | ({} if case.kdc is None else {"kdc": case.kdc})
        | ({"engine": "tshark"} if case.tls else {}),
    }


def card_only(case: Case) -> None:
    """Write case.toml with today's words and the old day, peers and open question."""
    name = f"{case.carrier}/{case.name}"
    old = case_file.load(name)
    card = describe(case, old["date"]) | {"peers": old["peers"]}
    if "open" in old["expect"]:
        card["expect"]["open"] = old["expect"]["open"]
    case_file.save(name, card)


if __name__ == "__main__":
    do = card_only if "--cards" in sys.argv else record
    wanted = tuple(word for word in sys.argv[1:] if not word.startswith("--"))
    for case in all_cases():
        if not wanted or f"{case.carrier}/{case.name}".startswith(wanted):
            do(case)
