"""The sequencer's vocabulary, networks, decoding and loss."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest
import torch

from ootd_training.data.crops import Garment
from ootd_training.models.sequencer.encoder import (
    ResCeption,
    ResCeptionSettings,
    Stream,
    make_encoder,
)
from ootd_training.models.sequencer.loss import SequenceLoss, drawn, most_probable, teacher_forced
from ootd_training.models.sequencer.network import Sequencer, ServedSequencer
from ootd_training.models.sequencer.settings import ENCODERS, SequencerSettings
from ootd_training.models.sequencer.tokens import Vocabulary
from ootd_training.models.tagger.loss import Labels, encode_labels
from ootd_training.network.trunk import TrunkSettings
from ootd_training.taxonomy import AttributeGroup, Taxonomy

# Two super-categories; sleeves are for tops alone.
TAXONOMY = Taxonomy(
    ("top", "bag"),
    ("shirt", "blouse", "purse"),
    (0, 0, 1),
    (
        AttributeGroup("color", ("red", "blue", "green"), 0, (0, 1, 2)),
        AttributeGroup("sleeve_length", ("short", "long"), 3, (0, 1)),
        AttributeGroup("audience", ("adult", "kids"), 5, (0, 1, 2)),
    ),
)
VOCABULARY = Vocabulary(TAXONOMY)
SETTINGS = SequencerSettings(hidden=24, trunk=TrunkSettings(width=0.25, depth=0.34, features=32))
SMALL = ResCeptionSettings(width=0.1, features=32)


def garment(*subs: int, **values: int) -> Garment:
    super_index = TAXONOMY.super_of_sub[subs[0]]
    return Garment("catalog", Path("x"), (0, 0, 1, 1), super_index, subs, values, 1.0)


def labels_of(*garments: Garment) -> Labels:
    return encode_labels(garments, TAXONOMY)


class Blind(torch.nn.Module):
    """An encoder that sees the mean colour alone, for tests that train a decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 32)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.layer(crops.mean((2, 3))))


def sequencer(blind: bool = True) -> Sequencer:
    torch.manual_seed(1)
    network = Sequencer(SETTINGS, TAXONOMY)
    if blind:
        network.encoder = Blind()
    return network.eval()


def test_vocabulary_is_sub_categories_then_values_then_the_end() -> None:
    assert VOCABULARY.names[:4] == ("shirt", "blouse", "purse", "color=red")
    assert VOCABULARY.names[VOCABULARY.end] == "end"
    assert (VOCABULARY.size, VOCABULARY.start, VOCABULARY.longest) == (11, 11, 5)
    assert VOCABULARY.members.sum(1).tolist() == [3, 2, 2, 1]
    assert VOCABULARY.members[:, : VOCABULARY.subs].sum() == 0


def test_plans_hold_the_groups_that_apply() -> None:
    assert VOCABULARY.plans.tolist() == [[0, 1, 2, 3], [0, 1, 2, 3], [0, 2, 3, 3]]


def test_value_tokens_point_at_the_named_values() -> None:
    tokens = VOCABULARY.value_tokens(torch.tensor([[2, -1, 1]]))
    assert tokens.tolist()[0][1] == -1
    assert [VOCABULARY.names[t] for t in tokens[0, [0, 2, 3]]] == [
        "color=green",
        "audience=kids",
        "end",
    ]


@pytest.mark.parametrize("size", [32, 47, 160])
def test_resception_takes_any_size(size: int) -> None:
    with torch.inference_mode():
        assert ResCeption(SMALL).eval()(torch.rand(2, 3, size, size)).shape == (2, 32)


def test_streams_of_several_convolutions_have_projection_shortcuts() -> None:
    streams = [module for module in ResCeption(SMALL).modules() if isinstance(module, Stream)]
    assert len(streams) == 3 * 4 + 3 + 4 * 4 + 3 + 2 * 4
    for stream in streams:
        convolutions = sum(isinstance(m, torch.nn.Conv2d) for m in stream.layers.modules())
        several = convolutions + bool(len(stream.fork)) > 1
        assert (stream.shortcut is not None) == several
    without = next(stream for stream in streams if stream.shortcut is not None).eval()
    x = torch.rand(1, without.shortcut[0].in_channels, 8, 8)
    expected = torch.relu(without.layers(x) + without.shortcut(x))
    assert torch.equal(without(x), expected)


def test_every_encoder_can_be_made() -> None:
    for name in ENCODERS:
        encoder, features = make_encoder(name, SETTINGS.trunk, SMALL)
        with torch.inference_mode():
            assert encoder.eval()(torch.rand(1, 3, 32, 32)).shape == (1, features)
    with pytest.raises(ValueError, match="'vgg'; choose efficientnet or resception"):
        make_encoder("vgg", SETTINGS.trunk, SMALL)


def test_probabilities_of_all_sequences_sum_to_one() -> None:
    # Eq. 4: a product of conditional probabilities, so two steps over all tokens sum to 1.
    network = sequencer()
    with torch.inference_mode():
        image = network.see(torch.rand(1, 3, 8, 8))
        first, state = network.first(image)
        total = 0.0
        for token, p in enumerate(first.softmax(1)[0]):
            second, _ = network.step(image, torch.tensor([token]), state)
            total += float((p * second.softmax(1)).sum())
    assert total == pytest.approx(1, abs=1e-5)


def test_shift_counts_in_inference_alone() -> None:
    network = Sequencer(SETTINGS, TAXONOMY, (0.0, 2.0)).eval()
    image = torch.rand(1, SETTINGS.hidden)
    plain = network.output(torch.cat([network.cell(
        image + network.embedding(torch.tensor([VOCABULARY.start])),
        (torch.zeros_like(image), torch.zeros_like(image)),
    )[0], torch.tanh(image)], 1))  # fmt: skip
    shifted = network.first(image)[0] - plain
    assert shifted[0].tolist() == pytest.approx([0, 0, 2.0] + [0] * 8, abs=1e-5)
    network.train()
    network.dropout.p = 0.0
    assert torch.allclose(network.first(image)[0], plain)


def test_teacher_forcing_feeds_the_labels() -> None:
    network = sequencer()
    crops = torch.rand(2, 3, 8, 8)
    labels = labels_of(garment(0, color=1, sleeve_length=0, audience=1), garment(2, color=2))
    forced = teacher_forced(network, crops, labels, torch.tensor([True, False]), most_probable)
    assert forced.groups.tolist() == [[0, 1, 2, 3], [0, 2, 3, 3]]
    assert forced.labels.tolist() == [[4, 6, 9, 10], [-1, -1, 10, 10]], "the colour was changed"
    assert forced.walked.tolist() == [[True] * 4, [True, True, True, False]]
    image = network.see(crops[:1])
    _, state = network.first(image)
    for step, token in enumerate((0, 4, 6, 9)):
        logits, state = network.step(image, torch.tensor([token]), state)
        assert torch.allclose(forced.later[0, step], logits.log_softmax(1)[0], atol=1e-5)


def test_what_is_not_labelled_is_filled_in_with_what_is_possible() -> None:
    torch.manual_seed(0)
    network = sequencer()
    labels = labels_of(*(garment(0, 1) for _ in range(40)), garment(0), garment(1))
    crops = torch.rand(1, 3, 8, 8).expand(42, -1, -1, -1)
    forced = teacher_forced(network, crops, labels, torch.ones(42, dtype=torch.bool), drawn)
    assert (forced.groups == torch.tensor([0, 1, 2, 3])).all(), "a bag was never drawn"
    assert len({tuple(row.tolist()) for row in forced.later[:40, 1]}) > 1, "all drew the same"


def parts_of(network: Sequencer, *garments: Garment) -> dict[str, float]:
    settings = SequencerSettings(smoothing=0.0, structure_gain=1.0,
                                 color_gain=1.0, attribute_gain=1.0)  # fmt: skip
    loss = SequenceLoss(settings, VOCABULARY)
    true_colors = torch.ones(len(garments), dtype=torch.bool)
    crops = torch.full((len(garments), 3, 8, 8), 0.5)
    parts = loss(network, crops, labels_of(*garments), true_colors)
    return {name: float(value) for name, value in parts.items()}


def test_loss_of_a_whole_sequence_is_its_negative_log_likelihood() -> None:
    network = sequencer()
    parts = parts_of(network, garment(0, color=1, sleeve_length=0, audience=1))
    # `structure` is a mean over the four steps that come after the sub-category.
    found = sum(parts.values()) + 3 * parts["structure"]
    image = network.see(torch.full((1, 3, 8, 8), 0.5))
    logits, state = network.first(image)
    expected = -float(logits.log_softmax(1)[0, 0])
    for token, following in itertools.pairwise((0, 4, 6, 9, 10)):
        logits, state = network.step(image, torch.tensor([token]), state)
        expected -= float(logits.log_softmax(1)[0, following])
    assert found == pytest.approx(expected, rel=1e-4)


def test_missing_labels_cost_nothing_but_the_order_of_groups() -> None:
    network = sequencer()
    parts = parts_of(network, garment(2))
    assert parts["color"] == parts["audience"] == parts["sleeve_length"] == 0
    assert parts["structure"] > 0.5


def test_sub_categories_that_the_label_allows_are_summed_over() -> None:
    network = sequencer()
    named = (garment(0), garment(1))
    parts = parts_of(network, garment(0, 1), *named)
    logits, _ = network.first(network.see(torch.full((1, 3, 8, 8), 0.5)))
    p = logits.softmax(1)[0]
    top = float(p[0] + p[1])
    assert parts["super"] == pytest.approx(-math.log(top), rel=1e-4)
    shares = [1.0, float(p[0]) / top, float(p[1]) / top]
    assert parts["sub"] == pytest.approx(-sum(map(math.log, shares)) / 3, rel=1e-4)


@pytest.fixture(scope="module")
def taught() -> Sequencer:
    """A decoder that was taught red shirts, blue purses, and nothing of half the labels."""
    torch.manual_seed(2)
    network = sequencer()
    network.train()
    garments = [
        garment(0, color=0, sleeve_length=1),
        garment(0, color=0, audience=0),
        garment(2, color=1, audience=1),
        garment(2),
    ]
    crops = torch.zeros(4, 3, 8, 8)
    crops[:2, 0], crops[2:, 2] = 1.0, 1.0
    loss = SequenceLoss(SETTINGS, VOCABULARY)
    optimiser = torch.optim.Adam(network.parameters(), 0.01)
    for _ in range(150):
        optimiser.zero_grad()
        everyone = torch.ones(4, dtype=torch.bool)
        torch.stack(
            list(loss(network, crops, labels_of(*garments), everyone).values())
        ).sum().backward()
        optimiser.step()
    return network.eval()


def shown(*colors: tuple[float, float, float]) -> torch.Tensor:
    return torch.tensor(colors)[:, :, None, None].expand(-1, -1, 8, 8)


RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def test_greedy_decoding_emits_all_groups_that_apply_until_the_end(taught: Sequencer) -> None:
    served = ServedSequencer(taught)
    with torch.inference_mode():
        subs, attributes, sequences = served(
            shown(RED, BLUE), torch.full((2, 1), -1, dtype=torch.int32)
        )
    names = [[VOCABULARY.names[t] for t in row if t >= 0] for row in sequences.tolist()]
    assert names == [
        ["shirt", "color=red", "sleeve_length=long", "audience=adult", "end"],
        ["purse", "color=blue", "audience=kids", "end"],
    ], "labels that were missing in training are no reason to skip a group"
    assert torch.allclose(subs.sum(1), torch.ones(2))
    reached = torch.stack([attributes[:, group.columns].sum(1) for group in TAXONOMY.groups], 1)
    assert torch.allclose(reached, torch.tensor([[1.0, 1, 1], [1, 0, 1]]), atol=1e-5)


def test_a_guide_decides_the_first_token_and_what_follows(taught: Sequencer) -> None:
    served = ServedSequencer(taught)
    with torch.inference_mode():
        free, _, _ = served(shown(RED), torch.tensor([[-1]], dtype=torch.int32))
        subs, attributes, sequences = served(
            shown(RED, RED, BLUE), torch.tensor([[0], [1], [0]], dtype=torch.int32)
        )
    assert [VOCABULARY.names[row[0]] for row in sequences.tolist()] == ["shirt", "purse", "shirt"]
    assert attributes[1, TAXONOMY.group("sleeve_length").columns].sum() == 0, "purses have none"
    assert attributes[2, TAXONOMY.group("sleeve_length").columns].sum() > 0.99
    assert torch.allclose(subs[:1], free, atol=1e-6), "probabilities are those of no guide"


def test_an_exact_sub_category_can_be_fed(taught: Sequencer) -> None:
    with torch.inference_mode():
        sequences = ServedSequencer(taught).decode(
            shown(RED), torch.tensor([[False, True, False]])
        )[2]
    assert VOCABULARY.names[sequences[0, 0]] == "blouse"
