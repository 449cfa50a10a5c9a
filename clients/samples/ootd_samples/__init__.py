"""Drawn outfit photos and catalogue photos with labels: deterministic by seed, no download.

import ootd_samples

photo = ootd_samples.draw_outfit(7)  # a person; photo.garments has the labels
shop = ootd_samples.draw_garment(7, sub_category="boots")
ootd_samples.write_samples("samples", outfits=12, catalog=120)
"""

from ootd_samples.design import GarmentDesign
from ootd_samples.outfit import draw_outfit
from ootd_samples.sample import Sample, SampleGarment
from ootd_samples.sample_folder import SamplesIndex, write_samples
from ootd_samples.single import draw_garment

__all__ = [
    "GarmentDesign",
    "Sample",
    "SampleGarment",
    "SamplesIndex",
    "draw_garment",
    "draw_outfit",
    "write_samples",
]
