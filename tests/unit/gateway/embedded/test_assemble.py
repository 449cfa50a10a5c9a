"""What a machine may lack is told in one sentence, before anything starts."""

import platform
from pathlib import Path
from types import ModuleType

import pytest

from ootd_gateway.embedded import EmbeddedTritonError
from ootd_gateway.embedded import assemble as assemble_module


@pytest.fixture
def module() -> ModuleType:
    return assemble_module


def test_the_folder_holds_three_backends(tmp_path: Path, module: ModuleType) -> None:
    installation = module.assemble(tmp_path / "backends", gpu=False)
    assert installation.binary.is_file()
    assert installation.backends == tmp_path / "backends"
    for name in ("onnxruntime", "dali"):
        assert [path.name for path in (tmp_path / "backends" / name).iterdir()] == ["model.py"]
    python = tmp_path / "backends" / "python"
    assert (python / "triton_python_backend_stub").is_symlink()
    assert not (python / "libtriton_python.so").is_symlink()
    assert installation.environment["CUDA_VISIBLE_DEVICES"] == ""


def test_gpus_are_left_visible_where_they_are_wanted(
    tmp_path: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    installation = module.assemble(tmp_path / "backends", gpu=True)
    assert installation.environment["CUDA_VISIBLE_DEVICES"] == "3"


def refusal(tmp_path: Path, module: ModuleType) -> str:
    with pytest.raises(EmbeddedTritonError) as caught:
        module.assemble(tmp_path / "backends", gpu=False)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_another_system(
    tmp_path: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert "Linux x86_64" in refusal(tmp_path, module)


def test_an_old_glibc(tmp_path: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.31"))
    assert "glibc 2.35 or newer" in refusal(tmp_path, module)


def test_numpy_2(tmp_path: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.importlib.metadata, "version", lambda _name: "2.1.0")
    assert "numpy<2" in refusal(tmp_path, module)


def test_missing_wheels(
    tmp_path: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WHEELS", {"no_such_module.below": "no-such-wheel"})
    text = refusal(tmp_path, module)
    assert "no-such-wheel" in text
    assert "pip install" in text


def test_a_python_without_stub(
    tmp_path: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = type("Version", (tuple,), {"major": 3, "minor": 99})((3, 99, 0))
    monkeypatch.setattr(module.sys, "version_info", version)
    assert "no Python 3.99 stub; use one of: 3.1" in refusal(tmp_path, module)


def test_a_python_without_shared_library(
    tmp_path: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.sysconfig, "get_config_var", lambda _name: str(tmp_path))

    def not_found(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(module.ctypes, "CDLL", not_found)
    assert "apt-get install libpython3" in refusal(tmp_path, module)


def test_missing_files_of_triton(
    tmp_path: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.triton_files, "find", lambda: None)
    assert "python -m ootd_gateway.embedded.fetch" in refusal(tmp_path, module)
