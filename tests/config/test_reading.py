"""A file that is wrong is refused with every problem's line, key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.config import Config, load, loads
from edge.config.pages import example as example_text
from edge.errors import ConfigError
from edge.sensors.camera.stanzas import V4l2Camera
from edge.types import Validity

CAMERA = '[[sensor]]\ndriver = "v4l2"\nname = "bedside"\n'
BAND = '[[sensor]]\ndriver = "ble_uart"\nname = "wrist"\naddress = "AA:BB:CC:DD:EE:FF"\n'


def refusal(text: str) -> list[str]:
    """The lines of the refusal of `text`, without the headline."""
    with pytest.raises(ConfigError) as caught:
        loads(text, "box.toml")
    return caught.value.message.splitlines()[1:]


def outcome(text: str) -> str:
    """The word "accepted", or the refusal; anything else that `loads` raises is a failure."""
    try:
        loads(text)
    except ConfigError as error:
        return error.message
    return "accepted"


def only_problem(text: str) -> str:
    """The one problem of `text`."""
    (problem,) = refusal(text)
    return problem.strip()


def test_an_empty_file_is_all_defaults() -> None:
    assert loads("") == Config()


def test_values_arrive() -> None:
    config = loads(CAMERA + "rate_hz = 5\n[box]\nvalidity = 'test'\n")
    assert (config.sensor[0], config.box.validity) == (
        V4l2Camera(driver="v4l2", name="bedside", rate_hz=5.0),
        Validity.TEST,
    )


def test_an_unknown_key_names_the_nearest() -> None:
    assert only_problem(CAMERA + BAND + 'divice_name = "x"\n').startswith(
        "line 8: sensor[1].divice_name: there is no such key (did you mean device_name?)"
    )


def test_an_unknown_table_names_the_nearest() -> None:
    assert only_problem("\n[alarms]\n").startswith("line 2: alarms: there is no such table (did you mean alarm?)")


def test_a_key_outside_its_table_is_told_where_it_belongs() -> None:
    assert "port belongs below [mqtt]" in only_problem("port = 1883\n")


def test_a_number_out_of_range_is_told_the_range() -> None:
    assert only_problem("[mqtt]\n\nport = 70000\n") == (
        "line 3: mqtt.port: is 70000; it must be a whole number from 1 to 65535. For example: port = 1883"
    )


def test_a_text_in_place_of_a_number_is_refused_even_if_it_is_numeric() -> None:
    assert 'is "1883"; it must be a whole number' in only_problem('[mqtt]\nport = "1883"\n')


def test_true_is_no_number() -> None:
    assert "is true; it must be a number" in only_problem("[fusion]\ntick_s = true\n")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_numbers_are_finite(value: str) -> None:
    assert f"is {value}" in only_problem(f"[alarm]\nclear_s = {value}\n")


def test_a_wrong_choice_names_the_nearest() -> None:
    assert '(did you mean real?); it must be "real" or "test" or "demo"' in only_problem('[box]\nvalidity = "reel"\n')


def test_a_missing_key_is_shown_as_it_should_be_written() -> None:
    problem = only_problem('\n[[sensor]]\ndriver = "video_file"\nname = "clip"\n')
    assert problem.startswith('line 2: sensor[0].path: is missing: add path = "clip.mp4"')


def test_a_stanza_without_driver_is_told_the_drivers() -> None:
    assert 'sensor[0]: has no driver: add driver = "v4l2"' in only_problem('[[sensor]]\nname = "x"\n')


def test_an_unknown_driver_names_the_nearest() -> None:
    problem = only_problem('[[sensor]]\ndriver = "ble_hart_rate"\nname = "x"\n')
    assert 'there is no driver "ble_hart_rate" (did you mean ble_heart_rate?)' in problem


def test_two_sensors_of_one_name_are_refused() -> None:
    problem = only_problem(CAMERA + CAMERA)
    assert problem.startswith('line 6: sensor[1].name: is "bedside", as is the sensor in line 3')


def test_two_sensors_of_one_name_are_reported_beside_other_problems() -> None:
    assert [row.split(":")[1].strip() for row in refusal(CAMERA + "rate_hz = 0\n" + CAMERA)] == [
        "sensor[0].rate_hz",
        "sensor[1].name",
    ]


def test_two_sensors_of_one_name_are_refused_without_a_file() -> None:
    camera = V4l2Camera(driver="v4l2", name="bedside")
    with pytest.raises(ValueError, match="bedside twice"):
        Config(sensor=(camera, camera))


RECORDED = '[[sensor]]\ndriver = "video_file"\nname = "clip"\npath = "clip.mp4"\n'


def test_a_recording_cannot_speak_of_a_patient() -> None:
    problem = only_problem(RECORDED)
    assert problem.startswith('line 2: sensor[0].driver: "video_file" is recorded or simulated and cannot speak of a')
    assert problem.endswith(': write validity = "test" below [box]')


@pytest.mark.parametrize("validity", ["test", "demo"])
def test_a_recording_may_speak_of_nobody(validity: str) -> None:
    assert not loads(f'[box]\nvalidity = "{validity}"\n{RECORDED}').sensor[0].live


def test_a_band_that_cannot_be_found_is_refused() -> None:
    problem = only_problem('[[sensor]]\ndriver = "ble_uart"\nname = "wrist"\n')
    assert "sensor[0].device_name: is missing and so is address" in problem


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[alarm]\npain_off_score = 6.0\n", "must be lower than pain_on_score (5)"),
        ("[alarm]\npain_on_score = 3.0\n", "pain_off_score: is 3.5; it must be lower than pain_on_score (3)"),
        ("[alarm]\npain_on_score = 8.0\n", "pain_high_score: is 7.5; it must be higher than pain_on_score (8)"),
        ("[fusion]\ntick_s = 10.0\n", "it must be longer than tick_s (10)"),
        ('[mqtt]\npassword_file = "p"\n', "is given without username"),
        ('[mqtt.tls]\ncert_file = "c"\n', "mqtt.tls.key_file: and cert_file belong together"),
        ('[mqtt]\ntls = {key_file = "c"}\n', "mqtt.tls.key_file: and cert_file belong together"),
    ],
)
def test_keys_that_contradict_each_other(text: str, told: str) -> None:
    assert told in only_problem(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("box = 4\n", "box: is 4; it must be a table: write [box]"),
        ("sensor = 4\n", "sensor: is 4; it must be a table: write [[sensor]]"),
        ("sensor = [1]\n", "sensor[0]: is 1; it must be a table: write [[sensor]]"),
        ("[[box]]\n", "box: is a list; it must be a table"),
        ("[sensor]\n", "sensor: is a table; it must be a table: write [[sensor]]"),
    ],
)
def test_a_value_in_place_of_a_table(text: str, told: str) -> None:
    assert told in only_problem(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[box]\nbed = one\n", 'line 2: this is no TOML: invalid value. A text needs quotes: key = "text".'),
        ("[box]\n[box]\n", "line 2: this is no TOML: cannot declare ('box',) twice. The same key or table stands"),
        ("[box]\nbed\n", "line 2: this is no TOML: expected '=' after a key"),
        ('[box]\nbed = "', "line 2: this is no TOML: unterminated string"),
        ("a = " + "[" * 5000, "line 1: a number in this file is too long, or its brackets are nested too deeply"),
        ("a = 1" + "0" * 5000, "line 1: a number in this file is too long"),
        ("[mqtt]\nport = 0x1" + "0" * 5000, "line 2: mqtt.port: is a number of absurd length"),
    ],
)
def test_a_text_that_is_no_toml(text: str, told: str) -> None:
    assert only_problem(text).startswith(told)


def test_every_problem_is_told_at_once_in_the_order_of_the_file() -> None:
    text = '[box]\nbed = "room 4"\n[mqtt]\nport = 0\nhots = "x"\n' + BAND + "[alarm]\npain_on_score = 99\n"
    assert [row.split()[1] for row in refusal(text)] == ["2:", "4:", "5:", "11:"]


def test_a_long_value_is_quoted_in_part() -> None:
    assert len(only_problem(f'[box]\nbed = "{"x" * 4000}"\n')) < 250


def test_relative_paths_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "box.toml"
    file.write_text('[box]\nstate_dir = "state"\n[mqtt.tls]\nca_file = "/etc/ca.pem"\n')
    config = load(file)
    assert config.mqtt.tls is not None
    assert (config.box.state_dir, config.mqtt.tls.ca_file) == (tmp_path / "state", Path("/etc/ca.pem"))


def test_a_missing_file_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No such file or directory.*anodyne config example"):
        load(tmp_path / "box.toml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Is a directory"):
        load(tmp_path)


def test_a_file_that_is_no_utf8_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "box.toml"
    file.write_bytes(b"[box]\nbed = '\xe9'\n")
    with pytest.raises(ConfigError, match="line 2: byte 0xe9 is no UTF-8"):
        load(file)


KEY = st.sampled_from(["sensor", "box", "mqtt", "tls", "name", "driver", "port", "address", "x", '"a b"', "'é'"])
SCALAR = st.sampled_from(
    ["1", "-0", "1e400", "nan", "true", "07:32:00", "1979-05-27", '"v4l2"', '"ble_uart"', "'\\'", '"\\u0000"', "x"]
)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.lists(st.tuples(KEY, inner), max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{key} = {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=6,
)
LINE = st.one_of(
    st.tuples(KEY, VALUE).map(" = ".join),
    st.tuples(KEY, KEY, VALUE).map(lambda row: f"{row[0]}.{row[1]} = {row[2]}"),
    KEY.map(lambda key: f"[{key}]"),
    KEY.map(lambda key: f"[[{key}]]"),
    st.tuples(KEY, KEY).map(lambda row: f"[{row[0]}.{row[1]}]"),
    st.text(max_size=20),
)


@given(st.lists(LINE, max_size=12).map("\n".join))
@example("[[sensor]]\n[sensor.x]\n")
@example('[box]\nstate_dir = "\\u0000"\n')
@example("sensor = {driver = 'v4l2'}\n")
def test_any_text_is_a_configuration_or_a_configuration_error(text: str) -> None:
    assert outcome(text) == "accepted" or "line " in outcome(text)


@given(st.data())
def test_a_good_file_with_one_line_damaged_is_a_configuration_or_a_configuration_error(data: st.DataObject) -> None:
    lines = example_text().splitlines()
    lines[data.draw(st.integers(0, len(lines) - 1))] = data.draw(LINE)
    text = "\n".join(lines)
    assert outcome(text) == "accepted" or "line " in outcome(text)
