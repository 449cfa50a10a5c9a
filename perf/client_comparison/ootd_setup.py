"""What the checks of `ootd` share."""

from typing import Any

import grpc

import ootd

PHOTO = b"\xff\xd8\xff photo"
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


def client(target: str, **options: Any) -> ootd.Client:
    return ootd.Client(target, check_compatibility=False, **options)


def upload(name: str, image: bytes = PHOTO) -> ootd.ItemUpload:
    return ootd.ItemUpload(item_id=name, image=image)


def filled(connected: ootd.Client) -> None:
    connected.upsert_items([upload(f"a{number}", PHOTO + bytes([number])) for number in range(30)])
