"""Runs that start from public weights: the files' answers are kept, and what is missing is said."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import tflite
import torch
from flatbuffers import Builder
from torch import nn

from labelled_photos import write_data
from ootd_training.data.fetch.weights import EFFICIENTNET_LITE0
from ootd_training.models.detector.architectures import make_detector, start_detector
from ootd_training.models.detector.export import load_network, onnx_detector, write
from ootd_training.models.detector.measure import torch_detector
from ootd_training.models.detector.model import DETECTOR
from ootd_training.models.detector.settings import (
    CROSS_STAGE,
    QUICK_STAGES,
    YOLOX_NANO,
    DetectorSettings,
)
from ootd_training.models.embedder.model import EMBEDDER
from ootd_training.models.embedder.settings import EmbedderSettings
from ootd_training.models.sequencer.model import SEQUENCER
from ootd_training.models.sequencer.settings import SequencerSettings
from ootd_training.models.tagger.model import TAGGER
from ootd_training.models.tagger.settings import TaggerSettings
from ootd_training.models.training import train
from ootd_training.network import public_weights
from ootd_training.network.efficientnet_lite import EfficientNetLite0
from ootd_training.network.public_weights import (
    PRETRAINED,
    read_onnx,
    read_tflite,
    start_trunk,
)
from ootd_training.network.starting_weights import Folded, load_folded
from ootd_training.network.trunk import EFFICIENTNET_LITE0 as LITE0
from ootd_training.network.trunk import TrunkSettings
from ootd_training.network.trunk_factory import make_trunk
from ootd_training.served.crop_model import fold_batch_norms

NEEDS_WEIGHTS = [
    pytest.mark.data,
    pytest.mark.skipif(
        not os.environ.get("OOTD_DATA"), reason="OOTD_DATA names no folder of labelled photos"
    ),
]
DATA = Path(os.environ.get("OOTD_DATA", ""))


def folded_convolutions(network: nn.Module) -> list[Folded]:
    """The convolutions of a network of which each has a batch norm, with these folded in."""
    folded = fold_batch_norms(network)
    return [
        Folded(module.weight.detach(), module.bias.detach())
        for module in folded.modules()
        if isinstance(module, nn.Conv2d) and module.bias is not None
    ]


def lively(network: nn.Module, pictures: torch.Tensor) -> nn.Module:
    """The network with norms that do something."""
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim == 1:
                weight.add_(torch.randn_like(weight), alpha=0.1)
        network.train()(pictures)
    return network.eval()


def quantised_file(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Write a TensorFlow Lite file of one depthwise convolution of 2 channels, 3 x 3.

    Returns its whole numbers [1, 3, 3, 2], and the scale of each channel.
    """
    kernel = np.arange(-9, 9, dtype=np.int8).reshape(1, 3, 3, 2)
    scales = np.array([0.5, 0.25], np.float32)
    bias = np.array([4, -8], np.int32)
    builder = Builder(1024)
    buffers = []
    for content in (b"", kernel.tobytes(), bias.tobytes()):
        data = builder.CreateByteVector(content)
        tflite.BufferStart(builder)
        tflite.BufferAddData(builder, data)
        buffers.append(tflite.BufferEnd(builder))
    tensors = []
    kinds = (tflite.TensorType.INT8, tflite.TensorType.INT8, tflite.TensorType.INT32)
    shapes = ((1, 8, 8, 2), kernel.shape, bias.shape)
    for buffer, (kind, shape) in enumerate(zip(kinds, shapes, strict=True)):
        scale = builder.CreateNumpyVector(scales)
        sides = builder.CreateNumpyVector(np.array(shape, np.int32))
        tflite.QuantizationParametersStart(builder)
        tflite.QuantizationParametersAddScale(builder, scale)
        tflite.QuantizationParametersAddQuantizedDimension(builder, 3 if buffer == 1 else 0)
        quantisation = tflite.QuantizationParametersEnd(builder)
        tflite.TensorStart(builder)
        tflite.TensorAddShape(builder, sides)
        tflite.TensorAddType(builder, kind)
        tflite.TensorAddBuffer(builder, buffer)
        tflite.TensorAddQuantization(builder, quantisation)
        tensors.append(tflite.TensorEnd(builder))
    inputs = builder.CreateNumpyVector(np.arange(3, dtype=np.int32))
    tflite.OperatorStart(builder)
    tflite.OperatorAddInputs(builder, inputs)
    operator = tflite.OperatorEnd(builder)
    tflite.OperatorCodeStart(builder)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, tflite.BuiltinOperator.DEPTHWISE_CONV_2D)
    code = tflite.OperatorCodeEnd(builder)

    def vector(start, offsets):
        start(builder, len(offsets))
        for offset in reversed(offsets):
            builder.PrependUOffsetTRelative(offset)
        return builder.EndVector()

    own_tensors = vector(tflite.SubGraphStartTensorsVector, tensors)
    operators = vector(tflite.SubGraphStartOperatorsVector, [operator])
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, own_tensors)
    tflite.SubGraphAddOperators(builder, operators)
    graph = tflite.SubGraphEnd(builder)
    codes = vector(tflite.ModelStartOperatorCodesVector, [code])
    graphs = vector(tflite.ModelStartSubgraphsVector, [graph])
    own_buffers = vector(tflite.ModelStartBuffersVector, buffers)
    tflite.ModelStart(builder)
    tflite.ModelAddOperatorCodes(builder, codes)
    tflite.ModelAddSubgraphs(builder, graphs)
    tflite.ModelAddBuffers(builder, own_buffers)
    builder.Finish(tflite.ModelEnd(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return kernel, scales


def test_whole_numbers_are_read_as_the_numbers_they_stand_for(tmp_path):
    kernel, scales = quantised_file(tmp_path / "small.tflite")
    (found,) = read_tflite(tmp_path / "small.tflite")
    assert found.weight.shape == (2, 1, 3, 3)
    expected = (kernel[0] * scales).transpose(2, 0, 1)[:, None]
    assert np.array_equal(found.weight.numpy(), expected)
    assert found.bias.tolist() == [2.0, -2.0]


def test_other_files_are_said_to_be_none(tmp_path):
    (tmp_path / "text").write_text("not a model")
    with pytest.raises(ValueError, match="is not a TensorFlow Lite model"):
        read_tflite(tmp_path / "text")
    with pytest.raises(ValueError, match="is not an ONNX model"):
        read_onnx(tmp_path / "text")


def test_folded_weights_keep_their_answers_and_get_statistics():
    crops = torch.rand(8, 3, 64, 64)
    published = lively(EfficientNetLite0(), crops)
    network = EfficientNetLite0()
    load_folded(network, folded_convolutions(published), Path("published"), lambda: [crops])
    with torch.inference_mode():
        assert torch.allclose(network.eval()(crops), published(crops), atol=1e-4)
        # In training each batch has statistics of its own: here those that were measured.
        assert torch.allclose(network.train()(crops), published(crops), atol=1e-2)


def test_another_network_is_refused():
    convolutions = folded_convolutions(EfficientNetLite0())[:-1]
    with pytest.raises(ValueError, match="published holds a network of another kind"):
        load_folded(EfficientNetLite0(), convolutions, Path("published"), list)


@pytest.mark.parametrize("size", [64, 97, 160])
def test_the_trunk_takes_any_size(size):
    trunk = make_trunk(TrunkSettings(architecture=LITE0)).eval()
    with torch.inference_mode():
        assert trunk(torch.rand(2, 3, size, size)).shape == (2, trunk.features)


def test_what_cannot_start_is_said(tmp_path):
    with pytest.raises(ValueError, match="no public weights for this trunk; choose --trunk"):
        start_trunk(make_trunk(TrunkSettings(width=0.25, depth=0.3)), tmp_path, list)
    with pytest.raises(FileNotFoundError, match="fetch it with: ootd-data weights"):
        start_trunk(EfficientNetLite0(), tmp_path, list)
    with pytest.raises(ValueError, match="choose --architecture yolox-nano"):
        start_detector(make_detector(CROSS_STAGE), tmp_path, list)
    with pytest.raises(FileNotFoundError, match=r"no .*yolox_nano\.onnx"):
        start_detector(make_detector(YOLOX_NANO), tmp_path, list)
    with pytest.raises(ValueError, match="no trunk 'vgg'; choose one of efficientnet-v2"):
        make_trunk(TrunkSettings(architecture="vgg"))
    with pytest.raises(ValueError, match="no detector 'ssd'; choose one of cross-stage"):
        make_detector("ssd")


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A data folder whose public trunk is one with random weights."""
    data = write_data(tmp_path / "data")
    path = data / "weights" / EFFICIENTNET_LITE0.folder / EFFICIENTNET_LITE0.file
    path.parent.mkdir(parents=True)
    path.touch()
    first, *others = folded_convolutions(lively(EfficientNetLite0(), torch.rand(8, 3, 48, 48)))
    unscaled = Folded(first.weight / 128, first.bias)
    monkeypatch.setattr(public_weights, "read_tflite", lambda _path: [unscaled, *others])
    return data


@pytest.mark.parametrize(
    ("model", "defaults"),
    [(TAGGER, TaggerSettings), (SEQUENCER, SequencerSettings), (EMBEDDER, EmbedderSettings)],
)
def test_models_of_crops_start_from_the_trunk(published, tmp_path, model, defaults):
    settings = defaults().changed(
        data=str(published), output=str(tmp_path / "run"), start=PRETRAINED, device="cpu",
        trunk=TrunkSettings(architecture=LITE0), epochs=1,
    )  # fmt: skip
    network = model.trainer(settings, None).network
    (trunk,) = (m for m in network.modules() if isinstance(m, EfficientNetLite0))
    expected = public_weights.read_tflite(Path())
    found = [m.weight for m in trunk.modules() if isinstance(m, nn.Conv2d)]
    assert torch.allclose(found[0], expected[0].weight * 128)
    assert all(torch.equal(f, e.weight) for f, e in zip(found[1:], expected[1:], strict=True))


def test_a_detector_of_the_other_architecture_is_trained_and_exported(tmp_path):
    settings = DetectorSettings().changed(
        data=str(write_data(tmp_path / "data")), output=str(tmp_path / "run"), epochs=1, batch=4,
        stages=QUICK_STAGES, architecture=YOLOX_NANO, device="cpu", fold=0,
    )  # fmt: skip
    train(DETECTOR, settings)
    network, side = load_network(tmp_path / "run/last.pt")
    write(network, tmp_path / "model.onnx", side)
    square = np.random.default_rng(0).integers(0, 255, (320, 320, 3)).astype(np.uint8)
    found, expected = (
        detector(square)[1]
        for detector in (onnx_detector(tmp_path / "model.onnx"), torch_detector(network, side))
    )
    assert np.allclose(found[:5], expected[:5], atol=0.01)


class TestPublishedFiles:
    """The files themselves, in the weights of OOTD_DATA."""

    pytestmark = NEEDS_WEIGHTS

    def test_the_trunk_has_the_features_of_the_published_one(self):
        reference = EfficientNetLite0()
        known = torch.load(DATA / "weights/efficientnet_lite0/trunk.pt", weights_only=True)
        names = reference.state_dict()
        reference.load_state_dict(dict(zip(names, known.values(), strict=True)))
        trunk = EfficientNetLite0()
        crops = torch.rand(4, 3, 224, 224, generator=torch.Generator().manual_seed(0))
        start_trunk(trunk, DATA, lambda: [crops])
        with torch.inference_mode():
            found, expected = trunk.eval()(crops), reference.eval()(crops)
        assert expected.abs().max() > 1
        assert (found - expected).abs().max() < 1e-4

    def test_the_detector_has_the_features_of_the_published_one(self):
        model = onnx.load(DATA / "weights/yolox_nano/yolox_nano.onnx")
        names = [
            next(n.input[0] for n in model.graph.node if f"head.{kind}_preds.{i}.weight" in n.input)
            for i in range(3)
            for kind in ("cls", "reg")
        ]
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        photo = torch.rand(1, 3, 416, 416, generator=torch.Generator().manual_seed(0))
        expected = session.run(names, {"images": (photo.flip(1) * 255).numpy()})
        network = make_detector(YOLOX_NANO)
        start_detector(network, DATA, lambda: [photo])
        with torch.inference_mode():
            _, towers = network.eval().features(photo)
        found = [seen for pair in towers for seen in pair]
        for mine, theirs in zip(found, expected, strict=True):
            assert np.abs(theirs).max() > 1
            assert np.abs(mine.numpy() - theirs).max() < 1e-3
