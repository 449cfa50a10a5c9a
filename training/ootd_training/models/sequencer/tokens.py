"""The sequencer's vocabulary, and which sequences it can emit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ootd_training.taxonomy import Taxonomy


@dataclass(frozen=True)
class Vocabulary:
    """Tokens: sub-categories, then the values of the trained attribute groups, then the end.

    A sequence is one sub-category, then one value of each group that applies to it in the
    taxonomy's order, then the end. `start`, which comes before it, is fed and never emitted.
    Groups are counted in the taxonomy's order; the end counts as one more group, the last.
    """

    taxonomy: Taxonomy

    @property
    def subs(self) -> int:
        """Number of sub-categories, which is the token of the first attribute value."""
        return len(self.taxonomy.subs)

    @property
    def end(self) -> int:
        """The token that ends a sequence."""
        return self.subs + self.taxonomy.attribute_count

    @property
    def start(self) -> int:
        """What is fed before the first token."""
        return self.end + 1

    @property
    def size(self) -> int:
        """Number of tokens that can be emitted."""
        return self.end + 1

    @property
    def longest(self) -> int:
        """Tokens of the longest sequence: a sub-category, all groups, the end."""
        return len(self.taxonomy.groups) + 2

    @property
    def end_group(self) -> int:
        """What the end is counted as among the groups."""
        return len(self.taxonomy.groups)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """A readable name of each token that can be emitted."""
        values = [f"{g.name}={value}" for g in self.taxonomy.groups for value in g.values]
        return (*self.taxonomy.subs, *values, "end")

    @cached_property
    def members(self) -> Tensor:
        """Which tokens belong to which group: bool [groups + 1, size]."""
        members = torch.zeros(self.end_group + 1, self.size, dtype=torch.bool)
        for row, group in zip(members, self.taxonomy.groups, strict=False):
            row[self.subs + group.start : self.subs + group.start + len(group.values)] = True
        members[self.end_group, self.end] = True
        return members

    @cached_property
    def plans(self) -> Tensor:
        """The groups after each sub-category, padded with the end: int64 [subs, groups + 1]."""
        plans = torch.full((self.subs, self.end_group + 1), self.end_group)
        for sub, row in enumerate(plans):
            applying = [i for i, g in enumerate(self.taxonomy.groups) if sub in g.subs]
            row[: len(applying)] = torch.tensor(applying, dtype=torch.int64)
        return plans

    def value_tokens(self, values: Tensor) -> Tensor:
        """Values [n, groups] as tokens [n, groups + 1] with the end added; -1 stays -1."""
        starts = torch.tensor([self.subs + g.start for g in self.taxonomy.groups])
        tokens = torch.where(values >= 0, values + starts.to(values.device), -1)
        return torch.cat([tokens, torch.full_like(tokens[:, :1], self.end)], 1)
