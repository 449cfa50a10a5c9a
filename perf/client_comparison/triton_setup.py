"""What the checks of `tritonclient.grpc` share."""

import grpc
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
Client = triton.InferenceServerClient
AsyncClient = triton_aio.InferenceServerClient


def client(target: str, **options: object) -> Client:
    return Client(target, **options)
