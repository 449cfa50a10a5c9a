"""Readers side by side, writers alone, nobody passed."""

import threading
from collections.abc import Callable

import pytest

from ootd_index.read_write_lock import FairReadWriteLock


class Threads:
    """Threads that ask for a lock one after the other, and what happened in which order."""

    def __init__(self, lock: FairReadWriteLock) -> None:
        self.lock = lock
        self.begun: list[str] = []
        self.inside = 0
        self.most_readers = 0
        self._guard = threading.Lock()
        self._threads: list[threading.Thread] = []

    def ask(self, name: str, *, meet: threading.Barrier | None = None) -> None:
        """Start a thread that wants it, and return once it waits."""
        is_reader = name.startswith("r")
        waiting = self.lock.waiting

        def run() -> None:
            with self.lock.reading() if is_reader else self.lock.writing():
                with self._guard:
                    self.begun.append(name)
                    self.inside += 1
                    assert is_reader or self.inside == 1
                    self.most_readers = max(self.most_readers, self.inside)
                if meet is not None:
                    meet.wait()
                with self._guard:
                    self.inside -= 1

        thread = threading.Thread(target=run)
        self._threads.append(thread)
        thread.start()
        _until(lambda: self.lock.waiting > waiting)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(timeout=10)
            assert not thread.is_alive()


def _until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(5000):
        if condition():
            return
        pause.wait(0.002)
    raise AssertionError("it did not come about")


def test_readers_hold_it_side_by_side() -> None:
    lock = FairReadWriteLock()
    threads, meet = Threads(lock), threading.Barrier(3, timeout=10)
    with lock.writing():
        for name in ("r1", "r2", "r3"):
            threads.ask(name, meet=meet)
    threads.join()
    assert threads.most_readers == 3


def test_it_is_given_in_the_order_of_asking() -> None:
    lock = FairReadWriteLock()
    threads = Threads(lock)
    with lock.reading():  # a further reader could enter, but would pass the writer
        for name in ("w1", "r1", "w2", "w3", "r2"):
            threads.ask(name)
        assert threads.begun == []
    threads.join()
    assert threads.begun == ["w1", "r1", "w2", "w3", "r2"]


def test_an_error_gives_it_back() -> None:
    lock = FairReadWriteLock()
    for hold in (lock.writing, lock.reading):
        with pytest.raises(KeyError), hold():
            raise KeyError
    with lock.writing():
        pass
    assert lock.waiting == 0
