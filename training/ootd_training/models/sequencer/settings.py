"""Settings of a sequencer's training."""

from __future__ import annotations

from dataclasses import dataclass, field

from ootd_training.models.sequencer.encoder import ResCeptionSettings
from ootd_training.models.tagger.settings import Stage, TaggerSettings
from ootd_training.network.run_settings import RunSettings

EFFICIENTNET = "efficientnet"
ENCODERS = (EFFICIENTNET, "resception")
# One size throughout, the one that the tagger ends with: a short run has no time to get used to
# another.
DEFAULT_STAGES = (Stage(1.0, 128),)


@dataclass(frozen=True)
class SequencerSettings(TaggerSettings):
    """The settings of a tagger's training, and those of the decoder; saved in each checkpoint.

    `run.start`, a tagger's checkpoint whose trunk is the starting point, is for `EFFICIENTNET`
    alone, of which `trunk` gives the size.
    """

    run: RunSettings = field(
        default_factory=lambda: RunSettings(epochs=40, seed=17, learning_rate=1e-3)
    )
    encoder: str = EFFICIENTNET
    """One of `ENCODERS`, the network that sees the crop."""
    mixing: float = 0.0
    """Crops are not mixed: a sequence is of one garment."""
    hidden: int = 192
    """Width of the LSTM."""
    structure_gain: float = 0.5
    """Weight of the loss of which group comes next."""
    resception: ResCeptionSettings = field(default_factory=ResCeptionSettings)
    """Size of the other encoder."""
    stages: tuple[Stage, ...] = DEFAULT_STAGES
    """Sizes of the crops over the run."""
