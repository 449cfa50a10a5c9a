"""The sequencer's network: an image encoder, and an LSTM that emits tokens (11st, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ootd_training.models.sequencer.encoder import make_encoder
from ootd_training.models.sequencer.settings import SequencerSettings
from ootd_training.models.sequencer.tokens import Vocabulary
from ootd_training.taxonomy import Taxonomy

State = tuple[Tensor, Tensor]
"""Hidden and cell state of the LSTM, each [n, hidden]."""


class Sequencer(nn.Module):
    """p(a) = p(a_0) times the product of p(a_t | a_<t) (11st, Eq. 4), one step at a time.

    Each step sees the image and the token before; the softmax layer sees the image again beside
    the LSTM's output (the deep output layer of Xu et al. 2015, Eq. 7). `super_shift`, one number
    a super-category, is added to the logits of its sub-categories at the first step in inference:
    it undoes the balanced drawing of the training garments.
    """

    shift: Tensor

    def __init__(
        self, settings: SequencerSettings, taxonomy: Taxonomy, super_shift: Sequence[float] = ()
    ) -> None:
        super().__init__()
        self.vocabulary = Vocabulary(taxonomy)
        self.hidden = settings.hidden
        self.encoder, features = make_encoder(settings.encoder, settings.trunk, settings.resception)
        self.dropout = nn.Dropout(settings.dropout)
        self.image = nn.Linear(features, settings.hidden)
        self.embedding = nn.Embedding(self.vocabulary.size + 1, settings.hidden)
        self.cell = nn.LSTMCell(settings.hidden, settings.hidden)
        self.output = nn.Linear(2 * settings.hidden, self.vocabulary.size)
        shift = torch.zeros(self.vocabulary.size)
        shift[: self.vocabulary.subs] = torch.tensor(
            [super_shift[parent] if super_shift else 0.0 for parent in taxonomy.super_of_sub]
        )
        self.register_buffer("shift", shift)

    def see(self, crops: Tensor) -> Tensor:
        """What the decoder knows of the crops [n, 3, s, s] in 0..1: [n, hidden]."""
        seen: Tensor = self.image(self.dropout(self.encoder(crops)))
        return seen

    def first(self, image: Tensor) -> tuple[Tensor, State]:
        """Logits of the first token [n, tokens], and the state after it was asked for."""
        zeros = torch.zeros_like(image)
        start = torch.zeros_like(image[:, 0], dtype=torch.int64) + self.vocabulary.start
        logits, state = self.step(image, start, (zeros, zeros))
        return logits if self.training else logits + self.shift, state

    def step(self, image: Tensor, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits of what follows `tokens` int64 [n], and the new state."""
        hidden, cell = self.cell(image + self.embedding(tokens), state)
        together = torch.cat([hidden, torch.tanh(image)], 1)
        return self.output(self.dropout(together)), (hidden, cell)


class ServedSequencer(nn.Module):
    """Greedy decoding, unrolled to the longest sequence.

    The first step takes the most probable super-category, and its most probable sub-category; each
    later step the most probable group among those after the last one (or the end), and its most
    probable value. Choosing by single tokens would favour groups of few values, whose probability
    is spread less thinly.
    """

    super_of_sub: Tensor
    families: Tensor
    members: Tensor
    places: Tensor

    def __init__(self, sequencer: Sequencer) -> None:
        super().__init__()
        self.sequencer = sequencer
        vocabulary = sequencer.vocabulary
        self.subs, self.end_group = vocabulary.subs, vocabulary.end_group
        parents = torch.tensor(vocabulary.taxonomy.super_of_sub)
        self.register_buffer("super_of_sub", parents)
        self.register_buffer("families", (parents[:, None] == parents[None]).float())
        self.register_buffer("members", vocabulary.members.float())
        self.register_buffer("places", torch.arange(vocabulary.end_group + 1))

    def forward(self, crops: Tensor, guide_supers: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the crops [n, 3, s, s] in 0..1 show; `guide_supers` int32 [n, 1], -1 for none.

        See `decode` for the answers; the sequence is int32 here.
        """
        free = guide_supers < 0
        allowed = (self.super_of_sub.to(torch.int32)[None] == guide_supers) | free
        subs, attributes, sequence = self.decode(crops, allowed)
        return subs, attributes, sequence.to(torch.int32)

    def decode(self, crops: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The best sequence whose sub-category is one of `allowed` bool [n, subs].

        Sub-categories' probabilities [n, subs] as if all were allowed; the probabilities of each
        attribute value among its group when that was reached [n, values], 0 where it was not; and
        tokens int64 [n, longest], -1 after the end (11st, section 3.3 and Figure 7).
        """
        image = self.sequencer.see(crops)
        logits, state = self.sequencer.first(image)
        subs = logits[:, : self.subs].softmax(1)
        supers = torch.where(allowed, subs, 0.0) @ self.families
        # Of one super-category all sums are the same: the sub-category alone decides among them.
        best = supers >= supers.amax(1, keepdim=True) * (1 - 1e-5)
        token = torch.where(allowed & best, subs, -1.0).argmax(1)
        last = torch.zeros_like(token) - 1
        sequence, reached = [token], torch.zeros_like(logits)
        for _ in range(self.end_group + 1):
            logits, state = self.sequencer.step(image, token, state)
            probabilities = logits.softmax(1)
            later = self.places > last[:, None]
            group = torch.where(later, probabilities @ self.members.T, -1.0).argmax(1)
            inside = probabilities * self.members[group]
            alive = last < self.end_group
            token = inside.argmax(1)
            sequence.append(torch.where(alive, token, -1))
            shares = inside / inside.sum(1, keepdim=True).clamp(min=1e-12)
            reached = reached + torch.where(alive[:, None], shares, 0.0)
            last = torch.where(alive, group, last)
        return subs, reached[:, self.subs : -1], torch.stack(sequence, 1)
