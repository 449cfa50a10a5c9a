"""How long the supervisor waits before it starts Triton again."""

import pytest

from ootd_gateway.embedded.supervisor import Failure, RestartPause

HOUR_S = 3600.0


def pauses(served_s: list[float]) -> list[float]:
    pause = RestartPause()
    return [pause.after(Failure("status -11", "sigsegv", seconds)) for seconds in served_s]


def test_single_crashes_hours_apart_are_no_reason_to_wait() -> None:
    assert pauses([HOUR_S] * 8) == [0.5] * 8


@pytest.mark.parametrize("served_s", [0.0, 2.0])
def test_a_server_that_cannot_live_is_started_less_and_less_often(served_s: float) -> None:
    assert pauses([served_s] * 8) == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_one_that_served_for_a_while_begins_anew() -> None:
    assert pauses([0.0, 0.0, 0.0, 30.0, 0.0]) == [0.5, 1, 2, 0.5, 1]
