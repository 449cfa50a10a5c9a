"""Settings of a sequencer training run."""

from __future__ import annotations

from dataclasses import dataclass, field

from ootd_training.models.sequencer.encoder import ResCeptionSettings
from ootd_training.models.tagger.settings import Stage, TaggerSettings

EFFICIENTNET = "efficientnet"
ENCODERS = (EFFICIENTNET, "resception")
# One size throughout, the one that the tagger ends with: a short run has no time to get used to
# another.
DEFAULT_STAGES = (Stage(1.0, 128),)


@dataclass(frozen=True)
class SequencerSettings(TaggerSettings):
    """The settings of a tagger's run, and those of the decoder; saved in each checkpoint.

    `encoder` is one of `ENCODERS`; `start`, a tagger's checkpoint whose trunk is the starting
    point, is for `EFFICIENTNET` alone, of which `trunk` gives the size. `hidden` is the width of
    the LSTM, `structure_gain` weighs the loss of which group comes next. Crops are not mixed: a
    sequence is of one garment.
    """

    encoder: str = EFFICIENTNET
    epochs: int = 40
    seed: int = 17
    learning_rate: float = 1e-3
    mixing: float = 0.0
    hidden: int = 192
    structure_gain: float = 0.5
    resception: ResCeptionSettings = field(default_factory=ResCeptionSettings)
    stages: tuple[Stage, ...] = DEFAULT_STAGES
