"""What `ootd samples` and the demo draw is taken by the released models, all of it."""

from pathlib import Path

import pytest

from gateway_process import GatewayProcess
from ootd import Client
from ootd.cli.catalog_source import read_catalog
from ootd.cli.ingest_run import IngestRun
from ootd_samples import write_samples


@pytest.mark.parametrize(("outfits", "items"), [(12, 120), (6, 60)])
def test_the_default_samples_are_all_stored(
    gateway: GatewayProcess, tmp_path: Path, outfits: int, items: int
) -> None:
    index = write_samples(tmp_path, outfits=outfits, catalog=items)
    rows = read_catalog(index.catalog_csv, id_prefix=f"drawn-{items}/")
    with Client(gateway.target, timeout_s=60) as client:
        run = IngestRun(client, rows, patience_s=10, waits=lambda *_: None)
        outcomes = list(run.outcomes())
        client.delete_items([one.item_id for one in outcomes])
    assert [(one.item_id, one.error) for one in outcomes if one.error] == []
    assert len(outcomes) == items
