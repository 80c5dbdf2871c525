"""What names a finding in every capture and every format, so that systems know it again."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

MADE_OF = "SHA-256 of `rule_id`, `subject_kind`, `subject` in lower case; of a negotiation also `captures`"


def finding_id(rule_id: str, subject_kind: str, subject: str, captures: Iterable[str]) -> str:
    """64 hex digits: the same for the same rule and subject, however the subject is spelled.

    The number of a negotiation says something only in its captures, so these are part of it then.
    """
    parts = [rule_id, subject_kind, subject.lower()]
    if subject_kind == "negotiation":
        parts += sorted(captures)
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
