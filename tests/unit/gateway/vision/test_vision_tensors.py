"""The ensemble's output tensors to garments."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from triton_tensors import TAXONOMY_JSON, byte_tensor, tensors
from tritonclient.grpc import model_config_pb2

from ootd_gateway.errors import InternalError
from ootd_gateway.types import BoxOrigin, DropReason, ServedModels, SuperCategory, Taxonomy
from ootd_gateway.vision.served_taxonomy import parse_taxonomy, taxonomy_of_json
from ootd_gateway.vision.tensors import OUTPUTS, build_analysis, parse_outputs


@pytest.fixture
def taxonomy() -> Taxonomy:
    return taxonomy_of_json(TAXONOMY_JSON)


SERVED = (b"3f2a-81d0", b"5c11")


def response(of: dict[str, Any], served: tuple[bytes, ...] = SERVED, kind: str = "BYTES") -> Any:
    """The tensors, and SERVED of these texts, told to be of this type."""
    names = {np.dtype(np.float32): "FP32", np.dtype(np.int32): "INT32"}
    outputs = [
        SimpleNamespace(name=name, datatype=names[array.dtype], shape=list(array.shape))
        for name, array in of.items()
    ]
    return SimpleNamespace(
        outputs=[*outputs, SimpleNamespace(name="SERVED", datatype=kind, shape=[len(served)])],
        raw_output_contents=[*(array.tobytes() for array in of.values()), byte_tensor(served)],
    )


def with_served(*texts: bytes, datatype: str = "BYTES") -> Any:
    return response(tensors(1), texts, datatype)


def test_tensors_survive_the_way_through_a_response() -> None:
    sent = tensors(3)
    found = parse_outputs(response(sent))
    assert found.keys() == OUTPUTS.keys()
    for name in sent:
        array = found[name]
        np.testing.assert_array_equal(array, sent[name])


def test_an_answer_names_the_models_that_made_it(taxonomy: Taxonomy) -> None:
    analysis = build_analysis(parse_outputs(with_served(b"3f2a-81d0", b"5c11")), taxonomy)
    assert analysis.served == ServedModels("3f2a-81d0", "5c11")
    assert "SERVED" in OUTPUTS, "Triton answers what is asked for"


def test_names_that_are_none_are_a_bug() -> None:
    for answer in (
        with_served(b"one"),
        with_served(b"one", b""),
        with_served(b"one", b"two", b"three"),
        with_served(b"one", b"two", datatype="FP32"),
    ):
        with pytest.raises(InternalError, match="SERVED"):
            parse_outputs(answer)
    cut = with_served(b"one", b"two")
    cut.raw_output_contents[-1] = cut.raw_output_contents[-1][:-1]
    with pytest.raises(InternalError, match="too early"):
        parse_outputs(cut)


def test_an_answer_that_does_not_name_its_models_is_a_bug() -> None:
    unnamed = response(tensors(1))
    del unnamed.outputs[-1], unnamed.raw_output_contents[-1]
    with pytest.raises(InternalError, match="did not answer SERVED"):
        parse_outputs(unnamed)


def test_a_missing_tensor_is_a_bug() -> None:
    sent = tensors(1)
    del sent["EMBEDDING"]
    with pytest.raises(InternalError, match="EMBEDDING"):
        parse_outputs(response(sent))


@pytest.mark.parametrize("name", ["EMBEDDING", "COLOR_HISTOGRAM", "FLAGS", "GEOMETRY"])
def test_a_tensor_of_another_shape_is_a_bug(name: str) -> None:
    sent = tensors(2)
    sent[name] = sent[name][:, :-1] if sent[name].shape[1] > 1 else sent[name][:1]
    with pytest.raises(InternalError, match=name):
        parse_outputs(response(sent))


def test_garments_come_best_first_and_each_keeps_its_row(taxonomy: Taxonomy) -> None:
    analysis = build_analysis(parse_outputs(response(tensors(3))), taxonomy)
    assert [round(one.score, 1) for one in analysis.garments] == [0.7, 0.6, 0.5]
    assert [int(one.embedding.argmax()) for one in analysis.garments] == [2, 1, 0]
    assert (analysis.width, analysis.height) == (640, 480)


def test_dropped_garments_are_apart_with_their_reason(taxonomy: Taxonomy) -> None:
    sent = tensors(6)
    sent["GARMENT_STATUS"][:, 0] = [1, 0, 2, 3, 4, 5]
    analysis = build_analysis(parse_outputs(response(sent)), taxonomy)
    assert [int(one.embedding.argmax()) for one in analysis.garments] == [1]
    assert {int(one.garment.embedding.argmax()): one.reason for one in analysis.dropped} == {
        0: DropReason.CATEGORY_DISAGREEMENT,
        2: DropReason.EXPLAINED_BY_DRESS,
        3: DropReason.EXPLAINED_BY_TOP_OR_BOTTOM,
        4: DropReason.NOT_OF_CATEGORY,
        5: DropReason.NO_GARMENT,
    }


def test_a_status_that_is_not_known_is_a_bug(taxonomy: Taxonomy) -> None:
    sent = tensors(1)
    sent["GARMENT_STATUS"][:, 0] = 6
    with pytest.raises(InternalError, match="status 6"):
        build_analysis(parse_outputs(response(sent)), taxonomy)


def test_names_are_the_taxonomys(taxonomy: Taxonomy) -> None:
    sent = tensors(1)
    sent["GARMENT_SUPER"][0, 0] = int(SuperCategory.SHOES)
    sent["GARMENT_SUB"][0, 0] = 2
    sent["FLAGS"][0, 0] = 2
    (garment,) = build_analysis(parse_outputs(response(sent)), taxonomy).garments
    assert garment.super_category is SuperCategory.SHOES
    assert garment.sub_category == "boots"
    assert garment.box_origin is BoxOrigin.REGION


def test_attributes_follow_kind_sub_category_and_training(taxonomy: Taxonomy) -> None:
    sent = tensors(1)
    (shirt,) = build_analysis(parse_outputs(response(sent)), taxonomy).garments
    found = [(one.group, one.value, round(one.score, 1)) for one in shirt.attributes]
    assert found == [
        ("color", "white", 0.7),
        ("pattern", "striped", 0.6),
        ("pattern", "dotted", 0.5),
    ]
    sent["GARMENT_SUB"][0, 0] = 1  # a blouse has no pattern in this taxonomy
    (blouse,) = build_analysis(parse_outputs(response(sent)), taxonomy).garments
    assert [one.group for one in blouse.attributes] == ["color"]


def test_a_group_of_which_nothing_was_told_is_not_answered(taxonomy: Taxonomy) -> None:
    sent = tensors(1)
    sent["GARMENT_ATTRIBUTES"][0, :3] = 0.0
    (shirt,) = build_analysis(parse_outputs(response(sent)), taxonomy).garments
    assert {one.group for one in shirt.attributes} == {"pattern"}


def test_models_of_another_taxonomy_are_a_bug(taxonomy: Taxonomy) -> None:
    sent = tensors(1)
    sent["GARMENT_ATTRIBUTES"] = sent["GARMENT_ATTRIBUTES"][:, :-1]
    with pytest.raises(InternalError, match="belong together"):
        build_analysis(parse_outputs(response(sent)), taxonomy)


def config(**parameters: str) -> Any:
    made = model_config_pb2.ModelConfig(name="m")
    for key, value in parameters.items():
        made.parameters[key].string_value = value
    return made


def test_the_repositorys_taxonomy_is_read() -> None:
    path = Path(__file__).parents[4] / "model_repository" / "taxonomy.json"
    taxonomy = taxonomy_of_json(path.read_text())
    assert list(taxonomy.sub_categories) == list(SuperCategory)
    assert sum(len(names) for names in taxonomy.sub_categories.values()) == 32


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", TAXONOMY_JSON.replace("multi_label", "maybe"), '{"version": 1}']
)
def test_a_model_without_a_taxonomy_is_a_bug(text: str) -> None:
    with pytest.raises(InternalError, match="taxonomy"):
        parse_taxonomy(config(taxonomy=text))
    with pytest.raises(InternalError, match="no parameter"):
        parse_taxonomy(config())
