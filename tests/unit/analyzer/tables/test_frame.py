"""Columns become frames with the schema's dtypes and with text that is safe to print."""

from analyzer.tables.frame import to_frame
from analyzer.tables.schema import Column, Table

TABLE = Table(
    "t",
    "a row",
    (Column("names", "strs", ""), Column("info", "dict", ""), Column("user", "str", "")),
)


def test_lists_and_dicts_stay_what_they_are():
    """A cell that holds a dict is a dict, not a pandas object."""
    cells = {"names": [["a", "b"], None, []], "info": [{"x": 1}, None, {}], "user": ["u", None, ""]}
    frame = to_frame(TABLE, cells)
    assert frame["names"].tolist() == cells["names"]
    assert frame["info"].tolist() == cells["info"]
    assert [type(cell) for cell in frame["info"]] == [dict, type(None), dict]


def test_a_list_that_many_rows_share_stays_one():
    """Also where text in it is made visible; the columns keep theirs, whoever changes a frame's."""
    mechs, frames = ["\x1b"], [1, 2]
    table = Table("t", "a row", (Column("mechs", "strs", ""), Column("frames", "ints", "")))
    frame = to_frame(table, {"mechs": [mechs, mechs, None], "frames": [frames, None, frames]})
    assert frame["mechs"].tolist() == [["\\x1b"], ["\\x1b"], None]
    assert frame["mechs"][0] is frame["mechs"][1]
    frame["mechs"][0].append("x")
    frame["frames"][0].append(3)
    assert (mechs, frames) == (["\x1b"], [1, 2])


def test_text_is_made_visible_wherever_it_stands():
    """In cells, in lists, in keys and values of dicts."""
    cells = {"names": [["\x1b"]], "info": [{"\0": "\u202e"}], "user": ["a\x07"]}
    frame = to_frame(TABLE, cells)
    assert frame.iloc[0].tolist() == [["\\x1b"], {"\\x00": "\\u202e"}, "a\\x07"]
