"""How the modules here write ASN.1: EXPLICIT tags, members with numbers, types with limits.

Limits of a type (`bounds`, `sizes`, `IA5String`) are attributes of our classes and not constraints of
pyasn1, which would refuse the whole token: the strict reading names each value beyond them.

Spec: X.680 (SEQUENCE, CHOICE, tagging, extension markers).
"""

from __future__ import annotations

from typing import Any, ClassVar

from pyasn1.type import namedtype, namedval, tag, univ

IDENTIFIER_CLASSES = {"context": tag.tagClassContext, "application": tag.tagClassApplication}


class Sequence(univ.Sequence):
    """SEQUENCE; `extensible` if its module has an extension marker."""

    extensible: ClassVar[bool] = False


class ExtensibleSequence(Sequence):
    """SEQUENCE with `...`: later versions may add members."""

    extensible: ClassVar[bool] = True


class Choice(univ.Choice):
    """CHOICE; `extensible` if its module has an extension marker."""

    extensible: ClassVar[bool] = False


class ExtensibleChoice(Choice):
    """CHOICE with `...`."""

    extensible: ClassVar[bool] = True


class NonEmptySequenceOf(univ.SequenceOf):
    """SEQUENCE SIZE (1..MAX) OF."""

    non_empty: ClassVar[bool] = True


def required(name: str, number: int, kind: Any) -> Any:
    """A member `[number] kind`."""
    return namedtype.NamedType(name, explicit(number, kind))


def optional(name: str, number: int, kind: Any) -> Any:
    """A member `[number] kind OPTIONAL`."""
    return namedtype.OptionalNamedType(name, explicit(number, kind))


def sequence(*members: Any, extensible: bool = False) -> Any:
    """SEQUENCE of the members."""
    kind = ExtensibleSequence if extensible else Sequence
    return kind(componentType=namedtype.NamedTypes(*members))


def sequence_of(kind: Any, *, non_empty: bool = False) -> Any:
    """SEQUENCE OF `kind`; `non_empty`: SIZE (1..MAX)."""
    return (NonEmptySequenceOf if non_empty else univ.SequenceOf)(componentType=kind)


def choice(*alternatives: Any, extensible: bool = False) -> Any:
    """CHOICE of the alternatives."""
    kind = ExtensibleChoice if extensible else Choice
    return kind(componentType=namedtype.NamedTypes(*alternatives))


def explicit(number: int, kind: Any) -> Any:
    """`[number] EXPLICIT kind`."""
    return kind.subtype(explicitTag=_tag("context", number))


def implicit(number: int, kind: Any) -> Any:
    """`[number] IMPLICIT kind`, of a primitive type."""
    return kind.subtype(implicitTag=tag.Tag(tag.tagClassContext, tag.tagFormatSimple, number))


def application(number: int, kind: Any) -> Any:
    """`[APPLICATION number] EXPLICIT kind`."""
    return kind.subtype(explicitTag=_tag("application", number))


def implicit_application(number: int, kind: Any) -> Any:
    """`[APPLICATION number] IMPLICIT kind`, of a constructed type."""
    return kind.subtype(implicitTag=_tag("application", number))


def values(names: dict[int, str]) -> namedval.NamedValues:
    """Names of numbers or of bits."""
    return namedval.NamedValues(*((name, number) for number, name in names.items()))


def _tag(group: str, number: int) -> tag.Tag:
    return tag.Tag(IDENTIFIER_CLASSES[group], tag.tagFormatConstructed, number)
