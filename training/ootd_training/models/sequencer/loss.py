"""The sequencer's loss: teacher-forced negative log-likelihood of labels that may be partial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from ootd_training.models.sequencer.network import Sequencer
from ootd_training.models.sequencer.settings import SequencerSettings
from ootd_training.models.sequencer.tokens import Vocabulary
from ootd_training.models.tagger.loss import Labels, category_losses

Choose = Callable[[Tensor], Tensor]
"""Log-probabilities [n, tokens], -inf where a token is impossible, to tokens int64 [n]."""


def most_probable(log_p: Tensor) -> Tensor:
    """The best token of each row."""
    return log_p.argmax(1)


def drawn(log_p: Tensor) -> Tensor:
    """A token of each row, drawn from its distribution."""
    return torch.multinomial(log_p.softmax(1), 1)[:, 0]


@dataclass(frozen=True)
class Forced:
    """A walk along the labels of n garments.

    `first` [n, tokens]: log-probabilities at the first step; `later` [n, steps, tokens]: at the
    steps after it; `groups` int64 [n, steps]: which group comes there; `labels` int64 [n, steps]:
    the labelled token, or -1; `walked` bool [n, steps]: False after the end.
    """

    first: Tensor
    later: Tensor
    groups: Tensor
    labels: Tensor
    walked: Tensor


def teacher_forced(
    network: Sequencer, crops: Tensor, labels: Labels, true_colors: Tensor, choose: Choose
) -> Forced:
    """Feed the labels one after the other; `choose` fills in what is not labelled.

    A sequence always runs over all groups that apply to its sub-category. Where a value is not
    labelled, one that the network itself holds possible is fed, so a missing label never looks
    like the end of the sequence, or like a group that does not apply. Likewise the sub-category is
    chosen among the candidates of the label. Colours count as not labelled where `true_colors`
    [n] is False.
    """
    vocabulary = network.vocabulary
    members = vocabulary.members.to(crops.device)
    tokens = vocabulary.value_tokens(_known_values(labels, vocabulary, true_colors))
    image = network.see(crops)
    logits, state = network.first(image)
    first = log_softmax(logits, 1)
    subs = first[:, : vocabulary.subs].detach()
    token = choose(subs.masked_fill(~labels.candidates, -torch.inf))
    groups = vocabulary.plans.to(crops.device)[token]
    known = tokens.gather(1, groups)
    later = []
    for step in range(groups.shape[1]):
        logits, state = network.step(image, token, state)
        later.append(log_softmax(logits, 1))
        possible = members[groups[:, step]]
        filled = choose(later[-1].detach().masked_fill(~possible, -torch.inf))
        token = torch.where(known[:, step] >= 0, known[:, step], filled)
    ended = (groups == vocabulary.end_group).cumsum(1) > 1
    return Forced(first, torch.stack(later, 1), groups, known, ~ended)


def _known_values(labels: Labels, vocabulary: Vocabulary, true_colors: Tensor) -> Tensor:
    columns = []
    for group in vocabulary.taxonomy.groups:
        values = labels.values[group.name]
        columns.append(torch.where(true_colors, values, -1) if group.name == "color" else values)
    return torch.stack(columns, 1)


class SequenceLoss:
    """Weighted parts of the negative log-likelihood of partly known sequences.

    A step's probability is that of its group times that of the value within the group. Which
    group comes next (or the end) is always known and always learnt; the value where it is
    labelled, a colour as far as the garment has it. At the first step it is the super-category
    and the share in it of the sub-category, of which the candidates are summed over. The value's
    and the super-category's losses are smoothed.
    """

    def __init__(self, settings: SequencerSettings, vocabulary: Vocabulary) -> None:
        self.settings = settings
        self.vocabulary = vocabulary

    def __call__(
        self, network: Sequencer, crops: Tensor, labels: Labels, true_colors: Tensor
    ) -> dict[str, Tensor]:
        """Each part, already weighted, for crops [n, 3, s, s] in 0..1."""
        forced = teacher_forced(network, crops, labels, true_colors, drawn)
        members = self.vocabulary.members.to(crops.device)[forced.groups]
        inside = forced.later.masked_fill(~members, -torch.inf).logsumexp(2)
        structure = -(inside * forced.walked).sum() / forced.walked.sum()
        right = forced.later.gather(2, forced.labels.clamp(min=0)[..., None])[..., 0]
        mean = (forced.later * members).sum(2) / members.sum(2)
        smoothing = self.settings.smoothing / 2
        values = inside - (1 - smoothing) * right - smoothing * mean
        subs = forced.first[:, : self.vocabulary.subs]
        return {
            **category_losses(subs, labels, self.settings, self.vocabulary.taxonomy),
            "structure": self.settings.structure_gain * structure,
            **self._values(values, forced, labels),
        }

    def _values(self, losses: Tensor, forced: Forced, labels: Labels) -> dict[str, Tensor]:
        parts = {}
        for index, group in enumerate(self.vocabulary.taxonomy.groups):
            weights = ((forced.groups == index) & (forced.labels >= 0)).float()
            gain = self.settings.attribute_gain
            if group.name == "color":
                weights = weights * labels.color_weights[:, None]
                gain = self.settings.color_gain
            parts[group.name] = gain * (losses * weights).sum() / weights.sum().clamp(min=1.0)
        return parts
