"""Settings: where they come from, what is refused, and how people see them."""

from pathlib import Path

import pytest

from ootd_gateway.errors import StartError
from ootd_gateway.process.command import main
from ootd_gateway.process.command_line import command_parser, parse_arguments, settings_table, shown
from ootd_gateway.process.settings import (
    FIELDS,
    Settings,
    environment_name,
    load_settings,
    option_name,
    room_class,
)


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FIELDS:
        monkeypatch.delenv(environment_name(name), raising=False)
    monkeypatch.delenv("OOTD_CONFIG", raising=False)


def write(folder: Path, text: str) -> Path:
    path = folder / "gateway.toml"
    path.write_text(text)
    return path


def test_defaults_listen_on_loopback_alone() -> None:
    settings = load_settings().settings
    assert settings.server.listen_address == "127.0.0.1:8500"
    assert settings.server.metrics_address.startswith("127.0.0.1:")
    assert settings.vision.max_image_bytes == 20 * 1024 * 1024


def test_environment_beats_file_and_file_beats_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "drain_seconds = 3\ncolor_weight = 0.5\n")
    monkeypatch.setenv("OOTD_DRAIN_SECONDS", "7.5")
    loaded = load_settings(path)
    assert loaded.settings.server.drain_seconds == 7.5
    assert loaded.settings.search.color_weight == 0.5
    assert loaded.origins["drain_seconds"] == "environment OOTD_DRAIN_SECONDS"
    assert loaded.origins["color_weight"] == f"file {path}"
    assert loaded.origins["log_level"] == "default"


def test_the_variable_ootd_config_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTD_CONFIG", str(write(tmp_path, "vision_concurrency = 3")))
    assert load_settings().settings.vision.vision_concurrency == 3


def test_an_unknown_key_in_the_file_is_named_with_its_likely_meaning(tmp_path: Path) -> None:
    path = write(tmp_path, "drain_second = 3")
    with pytest.raises(StartError, match=r'unknown key "drain_second"; did you mean "drain_s'):
        load_settings(path)


def test_an_unknown_variable_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTD_COLOR_WEIGTH", "1")
    (warning,) = load_settings().warnings
    assert "OOTD_COLOR_WEIGTH" in warning
    assert '"color_weight"' in warning


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("drain_seconds", "-1"),
        ("color_weight", "1.5"),
        ("color_weight", "nan"),
        ("max_concurrent_calls", "0"),
        ("max_image_bytes", "1e9"),
        ("listen_address", "8500"),
        ("listen_address", ""),
        ("triton_mode", "remote"),
        ("attribute_model", "both"),
        ("log_level", "loud"),
        ("index_precision", "i4"),
        ("reflection", "perhaps"),
    ],
)
def test_a_value_out_of_range_is_named_with_its_origin(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(environment_name(name), value)
    with pytest.raises(StartError) as raised:
        load_settings()
    assert f"{name}: " in str(raised.value)
    assert f"environment {environment_name(name)}" in str(raised.value)


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTD_DRAIN_SECONDS", "-1")
    monkeypatch.setenv("OOTD_COLOR_WEIGHT", "2")
    with pytest.raises(StartError, match=r"(?s)drain_seconds.*color_weight|color_weight.*drain"):
        load_settings()


def test_settings_that_do_not_fit_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTD_TLS_CERTIFICATE_FILE", "server.pem")
    with pytest.raises(StartError, match="tls_private_key_file"):
        load_settings()
    monkeypatch.delenv("OOTD_TLS_CERTIFICATE_FILE")
    monkeypatch.setenv("OOTD_MAX_DEADLINE_SECONDS", "1")
    with pytest.raises(StartError, match="max_deadline_seconds"):
        load_settings()


@pytest.mark.parametrize("text", ["drain_seconds = ", "\x00", "[section]\na = 1\n"])
def test_a_file_that_is_not_settings_is_refused(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(StartError, match=r"gateway\.toml"):
        load_settings(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"cannot read .*nothing\.toml"):
        load_settings(tmp_path / "nothing.toml")


def test_settings_cannot_be_changed() -> None:
    settings = load_settings().settings
    with pytest.raises(ValueError, match="frozen"):
        settings.server.drain_seconds = 1.0  # type: ignore[misc]


def test_every_setting_is_in_the_help_with_variable_default_and_meaning() -> None:
    lines = command_parser().format_help().splitlines()
    for name, field in FIELDS.items():
        (at,) = [at for at, line in enumerate(lines) if line.split()[:1] == [option_name(name)]]
        facts = next(line for line in lines[at:] if environment_name(name) in line)
        assert "default " in facts
        assert field.info.description
        assert field.info.description.split()[0] in lines[at + 1]


def test_help_is_grouped_by_room() -> None:
    text = command_parser().format_help()
    rooms = [room_class(room) for room in Settings.model_fields]
    titles = [text.index((room.__doc__ or "?").rstrip(".") + ":") for room in rooms]
    assert titles == sorted(titles)
    assert titles[0] < text.index("--listen-address") < titles[1]
    in_rooms = [name for room in rooms for name in room.model_fields]
    assert sorted(in_rooms) == sorted(FIELDS), "no name in two rooms"


def test_help_gives_units_and_ranges() -> None:
    text = command_parser().format_help()
    assert "(OOTD_DRAIN_SECONDS, seconds, 0 to 3_600, default 20.0)" in text
    assert "embedded or external" in text
    assert "(OOTD_ATTRIBUTE_MODEL, tagger or sequencer, default tagger)" in text


def test_options_beat_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTD_DRAIN_SECONDS", "7.5")
    monkeypatch.setenv("OOTD_COLOR_WEIGHT", "0.5")
    wanted = parse_arguments(["--drain-seconds", "3", "--reflection", "false"])
    loaded = load_settings(wanted.config_file, wanted.settings)
    assert loaded.settings.server.drain_seconds == 3
    assert loaded.settings.server.reflection is False
    assert loaded.settings.search.color_weight == 0.5
    assert loaded.origins["drain_seconds"] == "option --drain-seconds"


def test_a_bad_option_is_named_as_it_was_written() -> None:
    with pytest.raises(StartError, match=r"color_weight: .*is '2' \(option --color-weight\)"):
        load_settings(options={"color_weight": "2"})


def test_the_printed_table_has_unit_and_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTD_DRAIN_SECONDS", "7.5")
    lines = settings_table(load_settings()).splitlines()
    assert lines[0].split() == ["setting", "value", "unit", "default", "from"]
    (line,) = [line for line in lines if line.startswith("drain_seconds ")]
    expected = "drain_seconds 7.5 seconds 20.0 environment OOTD_DRAIN_SECONDS"
    assert " ".join(line.split()) == expected


def test_passwords_are_masked() -> None:
    assert shown("sqlite://shop:secret@host/a.db") == "sqlite://shop:***@host/a.db"


@pytest.mark.parametrize(
    "url", ["postgresql://shop:secret@db/catalogue", "mysql+pymysql://u:secret@h/d", "ootd.db"]
)
def test_other_databases_than_sqlite_are_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("OOTD_DATABASE_URL", url)
    with pytest.raises(StartError) as raised:
        load_settings()
    message = str(raised.value)
    assert message.startswith("settings: database_url: must be an SQLite URL, such as sqlite:////")
    assert "no other database is supported" in message
    assert "secret" not in message


KUBERNETES = {
    # Services named ootd-triton-metrics, ootd-triton-grpc, ootd, ootd-gateway.
    "OOTD_TRITON_METRICS_PORT": "tcp://10.0.0.7:8002",
    "OOTD_TRITON_GRPC_PORT": "tcp://10.0.0.7:8001",
    "OOTD_TRITON_METRICS_SERVICE_HOST": "10.0.0.7",
    "OOTD_TRITON_METRICS_SERVICE_PORT": "8002",
    "OOTD_TRITON_METRICS_PORT_8002_TCP": "tcp://10.0.0.7:8002",
    "OOTD_TRITON_METRICS_PORT_8002_TCP_PROTO": "tcp",
    "OOTD_TRITON_METRICS_PORT_8002_TCP_PORT": "8002",
    "OOTD_TRITON_METRICS_PORT_8002_TCP_ADDR": "10.0.0.7",
    "OOTD_PORT": "tcp://10.0.0.8:8500",
    "OOTD_SERVICE_HOST": "10.0.0.8",
    "OOTD_SERVICE_PORT": "8500",
    "OOTD_SERVICE_PORT_GRPC": "8500",
    "OOTD_GATEWAY_PORT_53_UDP": "udp://10.0.0.9:53",
}


def test_what_kubernetes_injects_does_no_harm_and_is_no_news(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in KUBERNETES.items():
        monkeypatch.setenv(name, value)
    loaded = load_settings()
    assert loaded.warnings == ()
    assert loaded.settings.vision.triton_metrics_port == 0
    assert loaded.origins["triton_metrics_port"] == "default"


def test_a_port_that_is_meant_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTD_TRITON_METRICS_PORT", "8002")
    assert load_settings().settings.vision.triton_metrics_port == 8002
    monkeypatch.setenv("OOTD_TRITON_METRICS_PORT", "http://10.0.0.7")
    with pytest.raises(StartError, match="triton_metrics_port"):
        load_settings()


def test_data_lies_in_the_users_folder_for_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert load_settings().settings.storage.data_folder == tmp_path / "ootd"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")  # not allowed by the standard
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_settings().settings.storage.data_folder == tmp_path / ".local" / "state" / "ootd"


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("http://127.0.0.1:8001", "over gRPC"),
        ("127.0.0.1", "has no port"),
        ("127.0.0.1:99999", "99999 is not between"),
        ("ipv4:", "no address after"),
        ("ipv4:127.0.0.1", "has no port"),
        ("dns:///:8001", "has no host"),
        ("::1:8001", "into brackets"),
    ],
)
def test_a_triton_address_that_cannot_be_one_is_refused(target: str, told: str) -> None:
    with pytest.raises(StartError, match=f"triton_address: .*{told}"):
        load_settings(None, {"triton_address": target})


@pytest.mark.parametrize(
    "target",
    [
        "triton:8001",
        "[::1]:8001",
        "dns:///triton:8001",
        "dns://1.1.1.1/triton:8001",
        "ipv4:1.2.3.4:8001,1.2.3.5:8001",
        "ipv6:[::1]:8001",
        "unix:/run/triton.sock",
    ],
)
def test_other_triton_addresses_are_taken(target: str) -> None:
    assert load_settings(None, {"triton_address": target}).settings.vision.triton_address == target


def test_a_number_that_is_none_is_told_as_such() -> None:
    with pytest.raises(StartError, match="color_weight: input should be a finite number, is 'nan'"):
        load_settings(None, {"color_weight": "nan"})


def test_one_address_for_two_ports_is_refused() -> None:
    with pytest.raises(StartError, match=r"metrics_address and listen_address are both 127\.0"):
        load_settings(None, {"metrics_address": "127.0.0.1:8500"})
    free = {"metrics_address": "127.0.0.1:0", "listen_address": "127.0.0.1:0"}
    assert load_settings(None, free).settings.server.metrics_address == "127.0.0.1:0"


def test_a_wrong_option_is_told_with_its_likely_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--color-weigth", "1"])
    assert "did you mean --color-weight?" in capsys.readouterr().err


def test_printed_settings_come_with_the_warnings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OOTD_COLOR_WEIGTH", "1")
    assert main(["--print-settings"]) == 0
    assert "OOTD_COLOR_WEIGTH is no setting" in capsys.readouterr().err
