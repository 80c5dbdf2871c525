"""The tree writer."""

from dissectors.span import Field, Span
from dissectors.tokens.recorder import Recorder


def test_paths_and_offsets():
    """Children hang below their parent, offsets are shifted once."""
    fields = []
    root = Recorder(fields, 10, "")
    root.add("Message", 0, 5, None)
    branch = root.below("Message")
    branch.add("Count", 0, 1, 7)
    branch.below("List").add("0", 1, 3, b"\x01\xff")
    assert fields == [
        Field("Message", "Message", None, "", Span(10, 15)),
        Field("Message.Count", "Count", 7, "7", Span(10, 11)),
        Field("Message.List.0", "0", b"\x01\xff", "01ff", Span(11, 13)),
    ]


def test_text_is_made_safe():
    """Both kinds of text pass the same filter."""
    fields = []
    recorder = Recorder(fields, 0, "Outer.inner")
    recorder.add("Name", 0, 4, "a\x07b")
    recorder.add("Name", 0, 4, 3, "three\u202e")
    assert [(f.path, f.value, f.text) for f in fields] == [
        ("Outer.inner.Name", "a\x07b", "a\\x07b"),
        ("Outer.inner.Name", 3, "three\\u202e"),
    ]


def test_hidden_values():
    """A secret leaves its length, in words for one byte as for many."""
    for stop, text in ((20, "16 bytes, not shown"), (5, "1 byte, not shown")):
        fields = []
        Recorder(fields, 0, "").hide("Key", 4, stop)
        assert fields == [Field("Key", "Key", None, text, Span(4, stop), secret=True)]
