"""Runs Triton alone in the foreground: ``python -m ootd_gateway.embedded``."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from ootd_gateway.embedded.embedded_triton import EmbeddedTriton, EmbeddedTritonSettings
from ootd_gateway.embedded.errors import EmbeddedTritonError


def main() -> int:
    """Start, print the addresses, wait for Ctrl-C or SIGTERM, stop; 1 where it did not start."""
    parser = argparse.ArgumentParser(prog="python -m ootd_gateway.embedded", description=__doc__)
    parser.add_argument("--model-repository", type=Path, default=Path("model_repository"))
    parser.add_argument("--grpc-port", type=int, default=8001, help="0: a free one (default 8001)")
    parser.add_argument("--http-port", type=int, default=8000, help="0: a free one (default 8000)")
    parser.add_argument("--metrics-port", type=int, default=8002, help="0: a free one (8002)")
    parser.add_argument("--log", type=Path, help="Triton's log (default: a temporary file)")
    parser.add_argument("--gpu", action="store_true", help="let Triton use the GPUs")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    settings = EmbeddedTritonSettings(
        arguments.model_repository,
        grpc_port=arguments.grpc_port,
        http_port=arguments.http_port,
        metrics_port=arguments.metrics_port,
        log_path=arguments.log,
        gpu=arguments.gpu,
    )
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: ended.set())
    try:
        with EmbeddedTriton(settings, _tell) as triton:
            _tell(f"gRPC {triton.grpc_url}, HTTP {triton.http_url}, metrics {triton.metrics_url}")
            _tell(f"log {triton.log_path}; Ctrl-C stops it")
            ended.wait()
    except EmbeddedTritonError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
