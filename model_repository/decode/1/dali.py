"""Decoding: one encoded photo in, the upright photo and the detector's letterbox out.

The same file serves Triton's native DALI backend (GPU: JPEGs are decoded on the device) and the
embedded server (CPU). The pipeline's own ``device_id`` decides: ``None`` means CPU alone.
"""

from nvidia.dali import Pipeline, fn, math, pipeline_def, types
from nvidia.dali.plugin.triton import autoserialize

PHOTO_SIDE = 1024  # px; longest side of PHOTO, a smaller photo is not enlarged
LETTERBOX_SIDE = 320  # px
PADDING = 114.0  # grey level around the photo in LETTERBOX, 0 to 255


def _scaled(height, width, factor):
    """Height and width times a factor in whole pixels, never below 1."""
    return (
        math.max(math.floor(height * factor + 0.5), 1.0),
        math.max(math.floor(width * factor + 0.5), 1.0),
    )


@autoserialize
@pipeline_def(batch_size=1, num_threads=1, device_id=0, enable_conditionals=True)
def decode():
    """IMAGE u8[bytes] -> PHOTO u8[h, w, 3], LETTERBOX f32[3, 320, 320], GEOMETRY f32[6].

    GEOMETRY: source height and width (upright), PHOTO height and width, height and width of the
    photo inside LETTERBOX, all in px. An alpha channel is ignored; grey and CMYK become RGB.
    """
    on_gpu = Pipeline.current().device_id is not None
    encoded = fn.external_source(device="cpu", name="IMAGE", ndim=1, dtype=types.UINT8)
    # Both turn the photo upright by its EXIF orientation, so they agree on height and width.
    shape = fn.cast(fn.peek_image_shape(encoded, adjust_orientation=True), dtype=types.FLOAT)
    height, width = shape[0], shape[1]
    pixels = fn.decoders.image(
        encoded,
        device="mixed" if on_gpu else "cpu",
        output_type=types.RGB,
        adjust_orientation=True,
        preallocate_width_hint=0,
        preallocate_height_hint=0,
    )
    longest = math.max(height, width)
    photo_height, photo_width = _scaled(height, width, math.min(PHOTO_SIDE / longest, 1.0))
    # Resizing to the same size would cost more than decoding does.
    if longest > PHOTO_SIDE:
        photo = fn.resize(
            pixels,
            resize_y=photo_height,
            resize_x=photo_width,
            interp_type=types.INTERP_TRIANGULAR,
            antialias=True,
        )
    else:
        photo = pixels
    inner_height, inner_width = _scaled(height, width, LETTERBOX_SIDE / longest)
    small = fn.resize(
        photo,
        resize_y=inner_height,
        resize_x=inner_width,
        interp_type=types.INTERP_TRIANGULAR,
        antialias=True,
    )
    letterbox = fn.crop_mirror_normalize(
        small,
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
