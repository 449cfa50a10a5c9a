"""A catalogue meets other models: of its vectors, which it refuses, and of names and boxes."""

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from gateway_process import REPOSITORY, GatewayProcess
from ootd.v1.catalog_service_pb2 import GetItemRequest, UpsertItemsRequest, UpsertItemsResponse
from ootd.v1.error_reason_pb2 import ERROR_REASON_VECTOR_FINGERPRINT_MISMATCH
from ootd.v1.garment_pb2 import Embedding
from ootd.v1.search_service_pb2 import (
    SearchByEmbeddingRequest,
    SearchByImageResponse,
    SearchByItemRequest,
)
from ootd.v1.taxonomy_pb2 import SUPER_CATEGORY_SHOES
from ootd_gateway.embedded import EmbeddedTriton
from photo_requests import analyze_request, search_request
from photos import garment_jpeg
from statuses import failing

USUAL_MODELS = REPOSITORY / "model_repository"
GUIDE = {"category": SUPER_CATEGORY_SHOES}
HISTOGRAM = "COLOR_HISTOGRAM"


def turn_bins_round(path: Path) -> None:
    """Give the crop model's histograms the same bins in the opposite order."""
    model = onnx.load(path)
    for node in model.graph.node:
        node.output[:] = ["before" if name == HISTOGRAM else name for name in node.output]
    backwards = np.arange(56, dtype=np.int64)[::-1].copy()
    model.graph.initializer.append(numpy_helper.from_array(backwards, "backwards"))
    model.graph.node.append(
        helper.make_node("Gather", ["before", "backwards"], [HISTOGRAM], axis=1)
    )
    onnx.save(model, path)


def fingerprint(repository: Path, model: str) -> str:
    return hashlib.sha256((repository / model / "1" / "model.onnx").read_bytes()).hexdigest()[:16]


@pytest.fixture
def other_models(tmp_path: Path) -> Path:
    """A model repository with another crop model, put in place of ours and nothing else done: a
    fingerprint that was written down anywhere is still that of the former one."""
    repository = tmp_path / "models"
    shutil.copytree(USUAL_MODELS, repository)
    turn_bins_round(repository / "crop" / "1" / "model.onnx")
    return repository


@pytest.fixture
def other_rules(tmp_path: Path) -> Path:
    """A model repository with the same models and other thresholds."""
    repository = tmp_path / "rules"
    shutil.copytree(USUAL_MODELS, repository)
    config = repository / "verify" / "config.pbtxt"
    text, replaced = re.subn(
        '"dress_preference" value { string_value: "3.0"',
        '"dress_preference" value { string_value: "2.5"',
        config.read_text(),
    )
    assert replaced == 1
    config.write_text(text)
    return repository


def upsert(
    gateway: GatewayProcess, item_id: str, photo: bytes, **fields: Any
) -> UpsertItemsResponse:
    source = fields or {"photo": {"image": photo, "guide": GUIDE}}
    request = UpsertItemsRequest(item_id=item_id, **source)
    (answer,) = gateway.catalog.UpsertItems(iter([request]), timeout=60)
    return answer


def hits_of_each_garment(answer: SearchByImageResponse) -> set[tuple[str, ...]]:
    """The items that the photo's garments are told to look like, alike lists once."""
    return {tuple(hit.item.item_id for hit in found.hits) for found in answer.results}


def test_a_catalogue_of_another_crop_model_is_noticed(
    triton: EmbeddedTriton, tmp_path: Path, other_models: Path
) -> None:
    photo, another = garment_jpeg(1), garment_jpeg(2)
    search = search_request(photo, guide=GUIDE)
    by_embedding = SearchByEmbeddingRequest(
        embedding=Embedding(values=[1.0] * 128), super_category=SUPER_CATEGORY_SHOES
    )
    usual = GatewayProcess(tmp_path, triton_mode="external", triton_address=triton.grpc_url)
    with usual:
        stored = upsert(usual, "a", photo).item
        analysis = usual.vision.AnalyzeImage(analyze_request(photo), timeout=60).analysis
        found = usual.search.SearchByImage(search, timeout=60)
        own = stored.vector_fingerprint
        assert own == analysis.vector_fingerprint == found.vector_fingerprint
        assert hits_of_each_garment(usual.search.SearchByImage(search, timeout=60)) == {("a",)}

    with GatewayProcess(tmp_path, triton_mode="embedded", model_repository=other_models) as other:
        refused = failing(lambda: other.search.SearchByImage(search, timeout=60))
        refused_too = failing(lambda: other.search.SearchByEmbedding(by_embedding, timeout=60))
        # It compares stored vectors alone.
        other.search.SearchByItem(SearchByItemRequest(item_id="a"), timeout=60)
        for item_id, image in (("a", photo), ("b", another)):
            assert (
                upsert(other, item_id, image).error.reason
                == ERROR_REASON_VECTOR_FINGERPRINT_MISMATCH
            )
        assert other.catalog.GetItem(GetItemRequest(item_id="a"), timeout=5).item == stored
        # Who says that his vectors are of the stored ones' models is taken at his word.
        by_embedding.vector_fingerprint = own
        other.search.SearchByEmbedding(by_embedding, timeout=60)
        ready = {"embedding": stored.garment.embedding, "super_category": SUPER_CATEGORY_SHOES}
        named = upsert(other, "c", b"", embedding={**ready, "vector_fingerprint": own})
        assert named.item.vector_fingerprint == own
        strange = upsert(other, "d", b"", embedding={**ready, "vector_fingerprint": "0123-4567"})
        assert strange.error.reason == ERROR_REASON_VECTOR_FINGERPRINT_MISMATCH
        by_embedding.vector_fingerprint = "0123-4567"
        failing(lambda: other.search.SearchByEmbedding(by_embedding, timeout=60))

    embedder = fingerprint(other_models, "embedder")
    crops = [fingerprint(one, "crop") for one in (USUAL_MODELS, other_models)]
    stored_and_served = [f"{embedder}-{crop}" for crop in crops]
    for failure in (refused, refused_too):
        assert failure.code is grpc.StatusCode.FAILED_PRECONDITION
        assert failure.reason == "VECTOR_FINGERPRINT_MISMATCH"
        assert [failure.metadata[key] for key in ("stored", "served")] == stored_and_served
        assert "new database" in failure.message

    with usual:  # the former models serve the catalogue as before
        assert upsert(usual, "a", photo).item == stored
        hits = hits_of_each_garment(usual.search.SearchByImage(search, timeout=60))
        assert {frozenset(one) for one in hits} == {frozenset({"a", "c"})}


def test_new_rules_look_at_the_same_upload_again(
    triton: EmbeddedTriton, tmp_path: Path, other_rules: Path
) -> None:
    photo = garment_jpeg(1)
    usual = GatewayProcess(tmp_path, triton_mode="external", triton_address=triton.grpc_url)
    with usual:
        stored = upsert(usual, "a", photo)
        assert stored.changed
        again = upsert(usual, "a", photo)
        assert not again.changed
        assert again.item == stored.item
    with GatewayProcess(tmp_path, triton_mode="embedded", model_repository=other_rules) as other:
        seen = upsert(other, "a", photo)
        assert seen.changed
        assert seen.item.sequence_number > stored.item.sequence_number
        assert seen.item.vector_fingerprint == stored.item.vector_fingerprint
        assert not upsert(other, "a", photo).changed
