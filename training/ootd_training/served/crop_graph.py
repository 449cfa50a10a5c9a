"""Builds ``model_repository/crop/1/model.onnx``; needs ``onnx`` and numpy alone.

Run ``python -m ootd_training.served.crop_graph [model_repository/crop/1/model.onnx]``.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper, parser

CROP_SIDE = 160  # px
MARGIN = 0.05  # of the box's size, added on each side
ACHROMATIC_BINS = 8  # by value: black, greys, white
HUE_BINS, SATURATION_BINS = 24, 2
HISTOGRAM_BINS = ACHROMATIC_BINS + HUE_BINS * SATURATION_BINS
ACHROMATIC_BELOW = 0.12  # saturation or value below it: hue is noise
VIVID_FROM = 0.56  # saturation, halfway between ACHROMATIC_BELOW and 1
WINDOW_SIGMA = 0.25  # of the crop's side

# One line per step. `h`, `w`: size of the photo; `n`: number of boxes. Coordinates given to
# RoiAlign are pixel edges ("half_pixel"); sampling_ratio 0 takes as many samples in each output
# pixel as there are photo pixels under it, which is what keeps fine stripes from aliasing.
_GRAPH = f"""
<ir_version: 9, opset_import: ["" : 18], producer_name: "ootd-training">
crop (uint8[1, h, w, 3] PHOTO, float[n, 4] BOXES)
  => (float[n, 3, {CROP_SIDE}, {CROP_SIDE}] CROPS, float[n, {HISTOGRAM_BINS}] COLOR_HISTOGRAM)
{{
  zero = Constant <value_float = 0.0> ()
  one = Constant <value_float = 1.0> ()

  photo_f = Cast <to = 1> (PHOTO)
  byte_max = Constant <value_float = 255.0> ()
  photo_unit = Div (photo_f, byte_max)
  photo_chw = Transpose <perm = [0, 3, 1, 2]> (photo_unit)

  corner_min, corner_max = Split <axis = 1, num_outputs = 2> (BOXES)
  size = Sub (corner_max, corner_min)
  margin = Constant <value_float = {MARGIN}> ()
  widening = Mul (size, margin)
  wide_min = Sub (corner_min, widening)
  wide_max = Add (corner_max, widening)
  wide = Concat <axis = 1> (wide_min, wide_max)
  inside = Clip (wide, zero, one)
  height_i = Shape <start = 1, end = 2> (PHOTO)
  width_i = Shape <start = 2, end = 3> (PHOTO)
  extent_i = Concat <axis = 0> (width_i, height_i, width_i, height_i)
  extent = Cast <to = 1> (extent_i)
  regions = Mul (inside, extent)
  count = Shape <start = 0, end = 1> (BOXES)
  photo_of_region = ConstantOfShape <value = int64[1] {{0}}> (count)
  CROPS = RoiAlign <coordinate_transformation_mode = "half_pixel", mode = "avg",
                    output_height = {CROP_SIDE}, output_width = {CROP_SIDE},
                    sampling_ratio = 0, spatial_scale = 1.0>
          (photo_chw, regions, photo_of_region)

  halved = AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (CROPS)
  pixel_shape = Constant <value_ints = [0, 3, -1]> ()
  pixels = Reshape (halved, pixel_shape)
  red_1, green_1, blue_1 = Split <axis = 1, num_outputs = 3> (pixels)
  channel_axis = Constant <value_ints = [1]> ()
  red = Squeeze (red_1, channel_axis)
  green = Squeeze (green_1, channel_axis)
  blue = Squeeze (blue_1, channel_axis)
  value = ReduceMax <keepdims = 0> (pixels, channel_axis)
  least = ReduceMin <keepdims = 0> (pixels, channel_axis)
  chroma = Sub (value, least)
  tiny = Constant <value_float = 1e-6> ()
  value_safe = Max (value, tiny)
  chroma_safe = Max (chroma, tiny)
  saturation = Div (chroma, value_safe)

  two = Constant <value_float = 2.0> ()
  four = Constant <value_float = 4.0> ()
  green_blue = Sub (green, blue)
  blue_red = Sub (blue, red)
  red_green = Sub (red, green)
  hue_if_red = Div (green_blue, chroma_safe)
  hue_if_green_0 = Div (blue_red, chroma_safe)
  hue_if_green = Add (hue_if_green_0, two)
  hue_if_blue_0 = Div (red_green, chroma_safe)
  hue_if_blue = Add (hue_if_blue_0, four)
  is_red = Equal (value, red)
  is_green = Equal (value, green)
  hue_not_red = Where (is_green, hue_if_green, hue_if_blue)
  hue_sixths = Where (is_red, hue_if_red, hue_not_red)

  hue_bins = Constant <value_float = {float(HUE_BINS)}> ()
  hue_scale = Constant <value_float = {HUE_BINS / 6.0}> ()
  half = Constant <value_float = 0.5> ()
  hue_scaled = Mul (hue_sixths, hue_scale)
  hue_centred = Add (hue_scaled, half)
  hue_floor = Floor (hue_centred)
  hue_bin = Mod <fmod = 1> (hue_floor, hue_bins)
  hue_negative = Less (hue_bin, zero)
  hue_lifted = Add (hue_bin, hue_bins)
  hue_index = Where (hue_negative, hue_lifted, hue_bin)
  vivid_from = Constant <value_float = {VIVID_FROM}> ()
  vivid = GreaterOrEqual (saturation, vivid_from)
  saturation_part = Cast <to = 1> (vivid)
  saturation_bins = Constant <value_float = {float(SATURATION_BINS)}> ()
  hue_part = Mul (hue_index, saturation_bins)
  hue_and_saturation = Add (hue_part, saturation_part)
  achromatic_bins = Constant <value_float = {float(ACHROMATIC_BINS)}> ()
  chromatic = Add (hue_and_saturation, achromatic_bins)

  value_scaled = Mul (value, achromatic_bins)
  value_floor = Floor (value_scaled)
  last_achromatic = Constant <value_float = {float(ACHROMATIC_BINS - 1)}> ()
  achromatic = Min (value_floor, last_achromatic)
  threshold = Constant <value_float = {ACHROMATIC_BELOW}> ()
  pale = Less (saturation, threshold)
  dark = Less (value, threshold)
  is_achromatic = Or (pale, dark)
  bin_f = Where (is_achromatic, achromatic, chromatic)
  bin = Cast <to = 7> (bin_f)

  bins_shape = Shape (bin)
  weights = Expand (window, bins_shape)
  bin_count = Constant <value_ints = [{HISTOGRAM_BINS}]> ()
  histogram_shape = Concat <axis = 0> (count, bin_count)
  empty = ConstantOfShape <value = float[1] {{0.0}}> (histogram_shape)
  COLOR_HISTOGRAM = ScatterElements <axis = 1, reduction = "add"> (empty, bin, weights)
}}
"""


def centre_window(side: int = CROP_SIDE // 2) -> NDArray[np.float32]:
    """Gaussian weights f32[1, side * side], summing to 1, that play down the crop's background."""
    offset = ((np.arange(side) + 0.5) / side - 0.5) / WINDOW_SIGMA
    line = np.exp(-0.5 * offset**2)
    window = np.outer(line, line)
    return np.asarray(window / window.sum(), np.float32).reshape(1, -1)


def build() -> onnx.ModelProto:
    """The checked graph: PHOTO u8[1, h, w, 3] and BOXES f32[n, 4] (normalised x0, y0, x1, y1) to
    CROPS f32[n, 3, 160, 160] (RGB, 0 to 1) and COLOR_HISTOGRAM f32[n, 56] (sums to 1).

    Bins 0-7: achromatic pixels by value, dark to light; then 24 hues (red is the centre of the
    first) x 2 saturations, whatever the value.
    """
    model = parser.parse_model(_GRAPH)
    model.graph.initializer.append(numpy_helper.from_array(centre_window(), "window"))
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    """Write the graph to the path given, by default into ``model_repository``."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "path", type=Path, nargs="?", default=Path("model_repository/crop/1/model.onnx")
    )
    path: Path = arguments.parse_args().path
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(build(), path)
    print(f"wrote {path} ({path.stat().st_size} bytes)")


if __name__ == "__main__":
    main()
