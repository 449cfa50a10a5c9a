"""The generated stubs do not bind an application to new versions of protobuf or grpcio."""

from pathlib import Path

import pytest

import ootd

STUBS = sorted((Path(ootd.__file__).parent / "v1").glob("*_pb2*.py"))


@pytest.mark.parametrize("path", STUBS, ids=lambda path: path.name)
def test_no_stub_asks_for_the_version_that_generated_it(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "runtime_version" not in text  # protobuf's check, since 5.26
    assert "GRPC_GENERATED_VERSION" not in text  # grpcio's check, since 1.63
    assert "_registered_method" not in text  # a parameter that older grpcio does not know


def test_all_are_looked_at() -> None:
    assert len(STUBS) >= 18
