"""What the catalogue's index is given of the settings, and what is told of it."""

import numpy as np
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from index_builders import embedding, histogram
from ootd_gateway.process.index_opening import index_settings, open_index
from ootd_gateway.services.search.settings import SearchSettings
from ootd_gateway.telemetry.metrics.index import IndexMetrics
from ootd_gateway.types import SuperCategory
from ootd_index.index_settings import DEFAULT_SETTINGS, IndexSettings, ShardSettings
from ootd_index.vector_index import FloatVector, IndexChange, IndexEntry, Query

TOP = SuperCategory.TOP


class Told:
    """What the metrics of an index say."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.metrics = IndexMetrics(self._registry)

    def value(self, name: str, category: str = "top", **labels: str) -> float | None:
        return self._registry.get_sample_value(name, {"super_category": category, **labels})


def tops(first: int, last: int) -> list[IndexChange]:
    return [
        IndexChange(n, n, IndexEntry(n, TOP, embedding(n), histogram(n)))
        for n in range(first, last + 1)
    ]


def test_metrics_tell_how_long_searches_took_and_how_they_went() -> None:
    told = Told()
    index = open_index(SearchSettings(index_exact_limit_items=300), told.metrics)
    index.apply(tops(1, 200))
    index.search(Query(TOP, embedding(1), 5))
    assert told.value("ootd_index_search_seconds_count", how="exact") == 1
    assert told.value("ootd_index_graph_complete") == 1  # not used while comparing all is as quick
    index.apply(tops(201, 1000))
    index.search(Query(TOP, embedding(1), 5))
    assert told.value("ootd_index_search_seconds_count", how="graph") == 1
    assert told.value("ootd_index_graph_entries") == 1000
    assert (told.value("ootd_index_bytes") or 0) > 1000 * 128 * 4


def test_each_super_category_is_told_of_from_the_start() -> None:
    told = Told()
    open_index(SearchSettings(), told.metrics)
    for category in SuperCategory:
        assert told.value("ootd_index_graph_entries", category.label) == 0


@pytest.mark.parametrize(
    ("vector", "why"),
    [
        (np.zeros(128, dtype=np.float32), "an embedding's values must be finite and not all 0"),
        (np.ones(127, dtype=np.float32), "an embedding has 128 values, not shape (127,)"),
    ],
)
def test_an_item_that_cannot_be_found_is_logged(vector: FloatVector, why: str) -> None:
    index = open_index(SearchSettings(), Told().metrics)
    with capture_logs() as logs:
        index.apply([IndexChange(1, 77, IndexEntry(77, TOP, vector, None))])
    assert logs == [{"event": "index_entry_refused", "key": 77, "error": why, "log_level": "error"}]


def test_without_options_the_index_has_its_own_defaults() -> None:
    assert index_settings(SearchSettings()) == DEFAULT_SETTINGS


def test_each_option_reaches_the_index() -> None:
    settings = SearchSettings(
        shards_per_category=3,
        index_precision="f32",
        index_exact_limit_items=20_000,
        index_connectivity=17,
        index_expansion_add=129,
        index_expansion_search=130,
    )
    assert index_settings(settings) == IndexSettings(
        shards_per_partition=3,
        shard=ShardSettings(
            exact_limit=20_000,
            connectivity=17,
            expansion_add=129,
            expansion_search=130,
            precision="f32",
        ),
    )
