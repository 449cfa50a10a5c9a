"""Recall and speed of the index's graph against comparing all entries, on clustered vectors.

    python perf/index_recall.py --entries 100000 --queries 500

Vectors are drawn around random centres, queries near entries. A row says how much of the exact
answer the index gave (recall@k, judged by score, so that ties count), its latency by the clock, and
the processor time of a search, which is the steadier figure on a busy machine.
"""

import argparse
import time

import numpy as np
from numpy.typing import NDArray

from ootd_index.index_settings import DEFAULT_SETTINGS, IndexSettings, ShardSettings
from ootd_index.sharded_index import ShardedIndex
from ootd_index.vector_index import IndexChange, IndexEntry, Query, VectorSizes

SIZES = VectorSizes(embedding=128, color_histogram=56)
PARTITION = 0
SPREAD = 0.6
QUERY_SPREAD = 0.25
DEFAULTS = DEFAULT_SETTINGS.shard


def main() -> None:
    """Build, search, print."""
    arguments = _arguments()
    rng = np.random.default_rng(arguments.seed)
    vectors, histograms = _entries(rng, arguments.entries, arguments.clusters)
    index = ShardedIndex(
        [PARTITION],
        SIZES,
        IndexSettings(
            shards_per_partition=arguments.shards,
            shard=ShardSettings(
                exact_limit=arguments.exact_limit,
                connectivity=arguments.connectivity,
                expansion_search=arguments.expansion_search,
                overfetch=arguments.overfetch,
                min_candidates=arguments.min_candidates,
                precision=arguments.precision,
            ),
        ),
    )
    wall, processor = _fill(index, vectors, histograms)
    print(f"{arguments.entries} entries built in {wall:.1f} s, {processor:.1f} s of processor time")
    print(f"{'colour weight':>13} {'recall@k':>9} {'p50 ms':>7} {'p95 ms':>7} {'cpu ms':>7}")
    for weight in arguments.color_weights:
        recall, times, processor = _measure(index, rng, vectors, histograms, weight, arguments)
        p50, p95 = np.percentile(times, [50, 95]) * 1e3
        print(f"{weight:13.2f} {recall:9.4f} {p50:7.2f} {p95:7.2f} {processor * 1e3:7.2f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--clusters", type=int, default=1000)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--exact-limit", type=int, default=DEFAULTS.exact_limit)
    parser.add_argument("--connectivity", type=int, default=DEFAULTS.connectivity)
    parser.add_argument("--expansion-search", type=int, default=DEFAULTS.expansion_search)
    parser.add_argument("--overfetch", type=int, default=DEFAULTS.overfetch)
    parser.add_argument("--min-candidates", type=int, default=DEFAULTS.min_candidates)
    parser.add_argument("--precision", choices=("f16", "f32"), default=DEFAULTS.precision)
    parser.add_argument("--color-weights", type=float, nargs="+", default=[0.0, 0.15])
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _entries(
    rng: np.random.Generator, count: int, clusters: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    centres = rng.normal(size=(clusters, SIZES.embedding))
    vectors = centres[rng.integers(0, clusters, count)] + SPREAD * rng.normal(
        size=(count, SIZES.embedding)
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    histograms = rng.dirichlet(np.full(SIZES.color_histogram, 0.15), count)
    return vectors.astype(np.float32), histograms.astype(np.float32)


def _fill(
    index: ShardedIndex, vectors: NDArray[np.float32], histograms: NDArray[np.float32]
) -> tuple[float, float]:
    begun = (time.perf_counter(), time.process_time())
    for start in range(0, len(vectors), 1000):
        keys = range(start + 1, min(start + 1000, len(vectors)) + 1)
        index.apply(
            [
                IndexChange(
                    key,
                    key,
                    IndexEntry(key, PARTITION, vectors[key - 1], histograms[key - 1]),
                )
                for key in keys
            ]
        )
    return time.perf_counter() - begun[0], time.process_time() - begun[1]


def _measure(  # noqa: PLR0917
    index: ShardedIndex,
    rng: np.random.Generator,
    vectors: NDArray[np.float32],
    histograms: NDArray[np.float32],
    weight: float,
    arguments: argparse.Namespace,
) -> tuple[float, list[float], float]:
    found, times, processor = 0, [], 0.0
    for row in rng.integers(0, len(vectors), arguments.queries):
        query = vectors[row] + QUERY_SPREAD / np.sqrt(SIZES.embedding) * rng.normal(
            size=SIZES.embedding
        )
        query = (query / np.linalg.norm(query)).astype(np.float32)
        begun, begun_processor = time.perf_counter(), time.process_time()
        hits = index.search(
            Query(PARTITION, query, arguments.k, histograms[row], color_weight=weight)
        )
        times.append(time.perf_counter() - begun)
        processor += time.process_time() - begun_processor
        color = np.minimum(histograms, histograms[row]).sum(axis=1)
        scores = (1.0 - weight) * (vectors @ query) + weight * color
        kth = np.partition(scores, -arguments.k)[-arguments.k]
        found += sum(hit.parts.score >= kth - 2e-6 for hit in hits)
    recall = found / (arguments.k * arguments.queries)
    return recall, times, processor / arguments.queries


if __name__ == "__main__":
    main()
