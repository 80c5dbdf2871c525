"""Rules are shown to tshark first; whatever it does with them, it is one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from analyzer.capture.tshark_rules import check_rules, rule_options
from analyzer.errors import UsageError

LIST = "print('Running as user', file=sys.stderr); print('tshark: No such', file=sys.stderr)"


def program(tmp_path: Path, code: str) -> str:
    """A tshark that does what `code` does if the rule `bad` is among its arguments."""
    path = tmp_path / "tshark"
    body = f"sys.stdin.buffer.read()\nif 'bad' in sys.argv:\n    {code}\n"
    path.write_text(f"#!{sys.executable}\nimport os, sys\n{body}")
    path.chmod(0o755)
    return str(path)


def test_options() -> None:
    """One option for each rule; a rule is never an option itself."""
    assert rule_options(["a==1,b", "--help"]) == ["-d", "a==1,b", "-d", "--help"]


def test_no_rules_need_no_program() -> None:
    """Nothing is run."""
    check_rules("/no/such/program", ())


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (f"{LIST}; print('tshark: many more', file=sys.stderr); sys.exit(1)", "No such"),
        ("sys.exit(3)", "it ends with status 3"),
        ("os.kill(os.getpid(), 11)", "it ends with status -11"),
    ],
)
def test_a_refusal_names_the_rule(tmp_path: Path, code: str, said: str) -> None:
    """With the first thing that tshark says, whatever else it lists."""
    tshark = program(tmp_path, code)
    check_rules(tshark, ("good", "better"))
    with pytest.raises(UsageError) as raised:
        check_rules(tshark, ("good", "bad", "better"))
    assert str(raised.value) == f"decode-as rule bad: tshark refuses it: {said}"


def test_a_program_that_does_not_run() -> None:
    """The system's words."""
    with pytest.raises(UsageError, match="No such file"):
        check_rules("/no/such/program", ("good",))


def test_rules_that_only_fail_together(tmp_path: Path) -> None:
    """All of them are told."""
    path = tmp_path / "tshark"
    path.write_text(f"#!{sys.executable}\nimport sys\nsys.exit(sys.argv.count('-d') > 1)\n")
    path.chmod(0o755)
    with pytest.raises(UsageError, match="decode-as rules: tshark refuses them"):
        check_rules(str(path), ("one", "two"))
