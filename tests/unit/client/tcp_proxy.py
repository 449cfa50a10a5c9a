"""Stands between a client and a server: counts, or swallows what goes by without a word."""

import socket
import threading


class TcpProxy:
    """Passes bytes on in both directions; `swallow` makes it a network that went dark."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._server = socket.create_server(("127.0.0.1", 0))
        self._there = (host, int(port))
        self._ends = [self._server]
        self._is_dark = threading.Event()
        self.sent = 0

    def __enter__(self) -> "TcpProxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._ends:
            one.close()

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self._server.getsockname()[1]}"

    def swallow(self) -> None:
        """Pass nothing on from now on, and keep the connections open."""
        self._is_dark.set()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
                far = socket.create_connection(self._there)
            except OSError:
                return
            self._ends += [near, far]
            threading.Thread(target=self._copy, args=(near, far, 1), daemon=True).start()
            threading.Thread(target=self._copy, args=(far, near, 0), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket, counted: int) -> None:
        try:
            while data := source.recv(65536):
                self.sent += counted * len(data)
                if not self._is_dark.is_set():
                    sink.sendall(data)
        except OSError:
            pass
