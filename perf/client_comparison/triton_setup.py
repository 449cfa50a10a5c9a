"""What the checks of `tritonclient.grpc` share."""

from typing import Any

import grpc
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
Client = triton.InferenceServerClient
AsyncClient = triton_aio.InferenceServerClient


def client(target: str, **options: object) -> Any:
    return Client(target, **options)
