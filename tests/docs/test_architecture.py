"""The picture of the rooms is what the code says, and the code has no circles."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.docs.architecture import GROUND, ROOT, WORDS, arrows, circles, graph, levels, reachable, svg, tree, written

PAGE, PICTURE = ROOT / "docs/architecture.md", ROOT / "docs/architecture.svg"


def test_picture_and_table_are_drawn_from_the_code_of_today() -> None:
    rooms = graph()
    assert PICTURE.read_text() == svg(rooms), "run `make docs`"
    assert PAGE.read_text() == written(PAGE.read_text(), rooms), "run `make docs`"


def test_every_room_has_words_and_stands_in_the_picture() -> None:
    rooms = graph()
    assert set(rooms) == set(WORDS)
    assert all(f">{room}</text>" in PICTURE.read_text() for room in rooms)


def test_a_new_import_changes_the_picture(tmp_path: Path) -> None:
    for name in ("face", "fusion"):
        (tmp_path / name).mkdir()
    (tmp_path / "fusion" / "one.py").write_text("from edge.face.two import three\n")
    (tmp_path / "face" / "two.py").write_text("from edge.types import Frame\n")
    before = graph(tmp_path)
    assert before == {"face": frozenset(), "fusion": frozenset({"face"})}
    (tmp_path / "face" / "two.py").write_text("from edge.fusion.one import four\n")
    assert svg(graph(tmp_path)) != svg(before)
    assert circles(graph(tmp_path)) == {frozenset({"face", "fusion"})}


def test_what_follows_from_other_arrows_is_left_out() -> None:
    rooms = {"a": frozenset({"b", "c"}), "b": frozenset({"c"}), "c": frozenset[str]()}
    assert arrows(rooms) == [("a", "b"), ("b", "c")]
    assert levels(rooms) == {"a": 2, "b": 1, "c": 0}


def test_only_the_daemon_and_what_builds_one_know_the_rooms_of_the_way() -> None:
    rooms = graph()
    way = {"sensors", "timeline", "face", "biosignal", "fusion", "alarm", "publish"}
    assert {room for room in rooms if way - {"timeline"} <= rooms[room] | {room}} <= {"daemon", "cli"}
    assert not rooms["sensors"] & way
    assert not rooms["face"]
    assert not rooms["biosignal"]


def test_pictures_of_the_patient_cannot_reach_what_publishes_stores_or_serves() -> None:
    for file in sorted((ROOT / "edge").rglob("*.py")):
        if file.relative_to(ROOT / "edge").parts[0] in ("publish", "station", "recorder", "alarm", "store.py", "fleet"):
            names = {
                one.name
                for node in ast.walk(tree(file.read_text()))
                if isinstance(node, ast.ImportFrom) and node.module == "edge.types"
                for one in node.names
            }
            assert "Frame" not in names, file


def test_no_import_of_a_file_leads_back_to_itself() -> None:
    files = {
        ".".join(("edge", *file.relative_to(ROOT / "edge").with_suffix("").parts)).removesuffix(".__init__"): file
        for file in sorted((ROOT / "edge").rglob("*.py"))
    }

    def taken(file: Path) -> frozenset[str]:
        found: set[str] = set()
        for node in tree(file.read_text()).body:  # at import; what a function imports is taken when it runs
            if isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
                inner = {f"{node.module}.{one.name}" for one in node.names} & files.keys()
                found |= inner or ({node.module} & files.keys())
        return frozenset(found)

    imports = {name: taken(file) for name, file in files.items()}
    assert [name for name in imports if name in reachable(imports, name)] == []


def test_the_ground_stands_on_itself_alone() -> None:
    for name in GROUND:
        for node in ast.walk(tree((ROOT / "edge" / f"{name}.py").read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("edge."):
                assert (node.module or "").split(".")[1] in GROUND, name
