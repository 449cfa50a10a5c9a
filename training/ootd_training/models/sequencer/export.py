"""Export of a trained sequencer into the model repository."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ootd_training.models.sequencer.encoder import ResCeptionSettings
from ootd_training.models.sequencer.measure import Answer, torch_answer
from ootd_training.models.sequencer.network import Sequencer, ServedSequencer
from ootd_training.models.sequencer.settings import SequencerSettings
from ootd_training.models.tagger.settings import Stage
from ootd_training.network.trunk import TrunkSettings
from ootd_training.served.crop_model import (
    CROP_SIZE,
    Resized,
    fold_batch_norms,
    run_crops,
    write_onnx,
)
from ootd_training.served.onnx_sessions import open_session
from ootd_training.taxonomy import REPOSITORY, Taxonomy

MODEL = REPOSITORY / "sequencer" / "1" / "model.onnx"
OUTPUTS = ("SUB_PROBABILITIES", "ATTRIBUTE_PROBABILITIES", "SEQUENCE")


def load_sequencer(checkpoint: Path, taxonomy: Taxonomy) -> tuple[Sequencer, SequencerSettings]:
    """The averaged weights of a training run's checkpoint, and the run's settings.

    RuntimeError of PyTorch if the taxonomy's trained groups are others than the run's.
    """
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")
    saved: dict[str, Any] = state["settings"]
    chosen = {
        name: saved[name] for name in ("data", "output", "encoder", "hidden", "seed", "epochs")
    }
    settings = SequencerSettings().changed(
        **chosen,
        trunk=TrunkSettings(**saved["trunk"]),
        resception=ResCeptionSettings(**saved["resception"]),
        stages=tuple(Stage(**stage) for stage in saved["stages"]),
    )
    sequencer = Sequencer(settings, taxonomy)
    sequencer.load_state_dict(state["average"])
    return sequencer.eval(), settings


def served_at(sequencer: Sequencer, size: int) -> ServedSequencer:
    """A copy as it is served: fed with crops of 160 px, which its encoder sees at `size` px."""
    served = ServedSequencer(copy.deepcopy(sequencer)).cpu().eval()
    if size != CROP_SIZE:
        served.sequencer.encoder = Resized(served.sequencer.encoder, size).eval()
    return served


def export_sequencer(sequencer: Sequencer, size: int, path: Path = MODEL) -> None:
    """Write the sequencer, which works at `size` px, with its decoding as ONNX.

    `CROPS` and `GUIDE_SUPERS`, int32 [n, 1] (a super-category, or -1 for none), to `OUTPUTS`.
    """
    served = fold_batch_norms(served_at(sequencer, size))
    crops = torch.rand(2, 3, CROP_SIZE, CROP_SIZE)
    guides = torch.tensor([[-1], [0]], dtype=torch.int32)
    write_onnx(served, {"CROPS": crops, "GUIDE_SUPERS": guides}, OUTPUTS, path)


def onnx_answer(model: Path) -> Answer:
    """The ONNX sequencer as a function of uint8 crops and guides, on one thread."""
    session = open_session(model)

    def answer(
        crops: NDArray[np.uint8], guides: NDArray[np.int32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
        subs, attributes, sequence = run_crops(session, crops, others={"GUIDE_SUPERS": guides})
        return subs, attributes, sequence.astype(np.int64)

    return answer


def compare(
    sequencer: Sequencer,
    size: int,
    model: Path,
    crops: NDArray[np.uint8],
    guides: NDArray[np.int32],
) -> dict[str, float]:
    """The file against PyTorch on uint8 crops [n, 160, 160, 3].

    `same`: share (0 to 1) of equal sequences; `subs`, `attributes`: the largest absolute
    difference of the probabilities, of attributes where the sequences are equal.
    """
    subs, attributes, sequences = torch_answer(served_at(sequencer, size))(crops, guides)
    found_subs, found_attributes, found = onnx_answer(model)(crops, guides)
    same = (sequences == found).all(1)
    return {
        "same": float(same.mean()),
        "subs": float(np.abs(subs - found_subs).max()),
        "attributes": float(np.abs(attributes - found_attributes)[same].max(initial=0.0)),
    }
