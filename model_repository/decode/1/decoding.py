"""Decoding: one encoded photo in, the upright photo and the detector's letterbox out.

``cpu.py`` and ``gpu.py`` make pipelines of it; Triton loads the one that config.pbtxt names.
"""

from __future__ import annotations

from typing import Any, Literal

from nvidia.dali import fn, math
from nvidia.dali.types import DALIDataType, DALIImageType, DALIInterpType

Device = Literal["cpu", "mixed"]
"""Where photos are decoded; "mixed" reads from memory and decodes on the GPU."""

Node = Any
"""An output of a DALI operator in the graph that is being built."""

PHOTO_SIDE = 1024  # px; longest side of PHOTO, a smaller photo is not enlarged
LETTERBOX_SIDE = 320  # px
PADDING = 114.0  # grey level around the photo in LETTERBOX, 0 to 255
PNG_FIRST_BYTE = 0x89  # no other format begins with it
PNG_COLOR_TYPE, PNG_RGBA = 25, 6  # offset of the byte, and its value for RGB with alpha


def _scaled(height: Node, width: Node, factor: Node) -> tuple[Node, Node]:
    """Height and width times a factor in whole pixels, never below 1."""
    return (
        math.max(math.floor(height * factor + 0.5), 1.0),
        math.max(math.floor(width * factor + 0.5), 1.0),
    )


def _resized(pixels: Node, height: Node, width: Node) -> Node:
    """Bilinear; where it reduces, wide enough triangles keep fine stripes from aliasing."""
    return fn.resize(
        pixels,
        resize_y=height,
        resize_x=width,
        interp_type=DALIInterpType.INTERP_TRIANGULAR,
        antialias=True,
    )


def _decoded(encoded: Node, output_type: DALIImageType, device: Device) -> Node:
    return fn.decoders.image(
        encoded,
        device=device,
        output_type=output_type,
        adjust_orientation=True,
    )


def _on_white(pixels: Node) -> Node:
    """RGB of RGBA: what is transparent shows white, as in most shops."""
    color, alpha = pixels[:, :, :3], pixels[:, :, 3:]
    return fn.cast_like(color * (alpha / 255.0) + (255.0 - alpha), color)


def decode_on(device: Device) -> tuple[Node, Node, Node]:
    """IMAGE u8[bytes] -> PHOTO u8[h, w, 3], LETTERBOX f32[3, 320, 320], GEOMETRY f32[6].

    The outputs of a graph; to be called in the definition of a pipeline with conditionals.

    GEOMETRY: source height and width (upright), PHOTO height and width, height and width of the
    photo inside LETTERBOX, all in px. Grey and CMYK become RGB, transparent parts of an RGBA
    PNG white; alpha of other formats is ignored.
    """
    encoded = fn.external_source(device="cpu", name="IMAGE", ndim=1, dtype=DALIDataType.UINT8)
    # Shape and pixels are both turned upright by EXIF, so they agree on height and width.
    shape = fn.cast(fn.peek_image_shape(encoded, adjust_orientation=True), dtype=DALIDataType.FLOAT)
    height, width = shape[0], shape[1]
    if encoded[0] == PNG_FIRST_BYTE and encoded[PNG_COLOR_TYPE] == PNG_RGBA:
        pixels = _on_white(_decoded(encoded, DALIImageType.ANY_DATA, device))
    else:
        pixels = _decoded(encoded, DALIImageType.RGB, device)
    longest = math.max(height, width)
    photo_height, photo_width = _scaled(height, width, math.min(PHOTO_SIDE / longest, 1.0))
    # Resizing to the same size would cost more than decoding does.
    if longest > PHOTO_SIDE:  # noqa: SIM108 - DALI knows statements alone
        photo = _resized(pixels, photo_height, photo_width)
    else:
        photo = pixels
    inner_height, inner_width = _scaled(height, width, LETTERBOX_SIDE / longest)
    letterbox = fn.crop_mirror_normalize(
        _resized(photo, inner_height, inner_width),
        crop=(LETTERBOX_SIDE, LETTERBOX_SIDE),
        crop_pos_x=0.0,
        crop_pos_y=0.0,
        out_of_bounds_policy="pad",
        fill_values=PADDING / 255.0,
        mean=0.0,
        std=255.0,
        dtype=DALIDataType.FLOAT,
        output_layout="CHW",
    )
    geometry = fn.stack(height, width, photo_height, photo_width, inner_height, inner_width)
    return photo, letterbox, geometry
