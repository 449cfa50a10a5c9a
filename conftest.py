"""A test of labelled photos that is skipped although OOTD_DATA names them has failed."""

import os
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test marked `data` into a failure, where there is data to test with."""
    report = yield
    skipped = report.skipped and not hasattr(report, "wasxfail")
    if skipped and item.get_closest_marker("data") and os.environ.get("OOTD_DATA"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = (
            f"{item.nodeid} was skipped although OOTD_DATA names labelled photos "
            f"({os.environ['OOTD_DATA']}): {reason}"
        )
    return report
