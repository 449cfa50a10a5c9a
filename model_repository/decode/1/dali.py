"""Decoding: one encoded photo in, the upright photo and the detector's letterbox out.

The same file serves Triton's native DALI backend (GPU: JPEGs are decoded on the device) and the
embedded server (CPU). The pipeline's own ``device_id`` decides: ``None`` means CPU alone.
"""

from nvidia.dali import Pipeline, fn, math, pipeline_def, types
from nvidia.dali.plugin.triton import autoserialize

PHOTO_SIDE = 1024  # px; longest side of PHOTO, a smaller photo is not enlarged
LETTERBOX_SIDE = 320  # px
PADDING = 114.0  # grey level around the photo in LETTERBOX, 0 to 255
PNG_FIRST_BYTE = 0x89  # no other format begins with it
PNG_COLOR_TYPE, PNG_RGBA = 25, 6  # offset of the byte, and its value for RGB with alpha


def _scaled(height, width, factor):
    """Height and width times a factor in whole pixels, never below 1."""
    return (
        math.max(math.floor(height * factor + 0.5), 1.0),
        math.max(math.floor(width * factor + 0.5), 1.0),
    )


def _resized(pixels, height, width):
    """Bilinear; where it reduces, wide enough triangles keep fine stripes from aliasing."""
    return fn.resize(
        pixels,
        resize_y=height,
        resize_x=width,
        interp_type=types.INTERP_TRIANGULAR,
        antialias=True,
    )


def _decoded(encoded, output_type):
    return fn.decoders.image(
        encoded,
        device="cpu" if Pipeline.current().device_id is None else "mixed",
        output_type=output_type,
        adjust_orientation=True,
    )


def _on_white(pixels):
    """RGB of RGBA: what is transparent shows white, as in most shops."""
    color, alpha = pixels[:, :, :3], pixels[:, :, 3:]
    return fn.cast_like(color * (alpha / 255.0) + (255.0 - alpha), color)


@autoserialize
@pipeline_def(batch_size=1, num_threads=1, device_id=0, enable_conditionals=True)
def decode():
    """IMAGE u8[bytes] -> PHOTO u8[h, w, 3], LETTERBOX f32[3, 320, 320], GEOMETRY f32[6].

    GEOMETRY: source height and width (upright), PHOTO height and width, height and width of the
    photo inside LETTERBOX, all in px. Grey and CMYK become RGB, transparent parts of an RGBA
    PNG white; alpha of other formats is ignored.
    """
    encoded = fn.external_source(device="cpu", name="IMAGE", ndim=1, dtype=types.UINT8)
    # Shape and pixels are both turned upright by EXIF, so they agree on height and width.
    shape = fn.cast(fn.peek_image_shape(encoded, adjust_orientation=True), dtype=types.FLOAT)
    height, width = shape[0], shape[1]
    if encoded[0] == PNG_FIRST_BYTE and encoded[PNG_COLOR_TYPE] == PNG_RGBA:
        pixels = _on_white(_decoded(encoded, types.ANY_DATA))
    else:
        pixels = _decoded(encoded, types.RGB)
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
        dtype=types.FLOAT,
        output_layout="CHW",
    )
    geometry = fn.stack(height, width, photo_height, photo_width, inner_height, inner_width)
    return photo, letterbox, geometry
