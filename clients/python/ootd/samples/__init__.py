"""Drawn outfit photos and catalogue photos with labels: deterministic by seed, no download.

from ootd import samples

photo = samples.draw_outfit(7)                       # a person; photo.garments has the labels
shop = samples.draw_garment(7, sub_category="boots")
samples.write_samples("samples", outfits=12, catalog=120)
"""

from ootd.samples.catalog import SamplesIndex, write_samples
from ootd.samples.design import GarmentDesign
from ootd.samples.outfit import draw_outfit
from ootd.samples.sample import Sample, SampleGarment
from ootd.samples.single import draw_garment

__all__ = [
    "GarmentDesign",
    "Sample",
    "SampleGarment",
    "SamplesIndex",
    "draw_garment",
    "draw_outfit",
    "write_samples",
]
