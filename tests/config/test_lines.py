"""Lines of keys, against every shape that TOML gives them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from edge.config.lines import Path, line_of, locate
from tests.config.test_reading import LINE


def test_a_key_of_a_table() -> None:
    assert locate("a = 1\n\n[box]\nsite = 'x'\n")[("box", "site")] == 4


def test_elements_of_arrays_of_tables_are_counted() -> None:
    text = "[[sensor]]\nname = 'a'\n[[sensor]]\n\nname = 'b'\n"
    assert [locate(text)[("sensor", index, "name")] for index in (0, 1)] == [2, 5]


def test_a_table_below_an_array_of_tables_belongs_to_the_latest() -> None:
    text = "[[a]]\n[[a]]\n[a.b]\nc = 1\n[[a.d]]\n[[a.d]]\ne = 2\n"
    lines = locate(text)
    assert (lines["a", 1, "b", "c"], lines["a", 1, "d", 1, "e"]) == (4, 7)


def test_dotted_keys() -> None:
    assert locate("[mqtt]\ntls . ca_file = 'x'\n")[("mqtt", "tls", "ca_file")] == 2


def test_quoted_keys() -> None:
    assert locate("[box]\n\n\"si\\u0074e\" = 1\n'b.c' = 2\n") == {
        ("box",): 1,
        ("box", "site"): 3,
        ("box", "b.c"): 4,
    }


def test_inline_tables_and_arrays() -> None:
    text = "a = [\n  1, # one\n  {b = [2,\n 3]},\n]\nc = {d = {e = 1}, f = 2}\ng = 3\n"
    lines = locate(text)
    assert [lines[path] for path in [("a", 1, "b", 1), ("c", "d", "e"), ("c", "f"), ("g",)]] == [4, 6, 6, 7]


def test_strings_that_look_like_other_things() -> None:
    text = (
        'a = """\n[x]\nb = 1 \\"""\n""""\nc = \'\'\'\n[[y]]\n\'\'\'\nd = "# \\" ]"\ne = \'\\\'\nf = ["]", "}"]\ng = 1\n'
    )
    tomllib.loads(text)
    lines = locate(text)
    assert [lines.get((key,)) for key in "acdefg"] == [1, 5, 8, 9, 10, 11]


def test_carriage_returns_do_not_count_twice() -> None:
    assert locate("a = 1\r\n\r\nb = 2\r\n")[("b",)] == 3


def test_what_is_not_there_has_the_line_of_its_table() -> None:
    assert line_of(locate("\n[box]\nsite = 1\n"), ("box", "bed")) == 2


def test_what_is_nowhere_has_the_first_line() -> None:
    assert line_of({}, ("box", "bed")) == 1


def paths(value: object, above: Path = ()) -> Iterator[Path]:
    """Every path of a parsed text."""
    pairs: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for key, inner in pairs:
        yield (*above, key)
        yield from paths(inner, (*above, key))


@given(st.lists(LINE, max_size=12).map("\n".join))
def test_every_key_of_every_text_is_found(text: str) -> None:
    try:
        value = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    assert set(paths(value)) == set(locate(text))
