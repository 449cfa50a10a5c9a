"""Which versions of Triton survive a cancelled request."""

import re

CANCEL_SAFE_VERSION = (2, 60)
"""The first Triton to which cancelling is passed on: 2.60, NVIDIA's image 25.08.

Cancelling a request to an ensemble, also by a deadline, can kill an older one: a race in its gRPC
front end (triton-inference-server/server issues 7368 and 8034) was mended piece by piece from 24.12
to the middle of 2025, and an issue of 25.01 tells of one more (8192). So this is on the careful
side. To all others the gateway lets requests run to their end, and only stops to wait for them.
"""


def survives_cancelling(version: str) -> bool:
    """Tell whether a Triton of this version ("2.51.0", "" where unknown) may be cancelled at."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) >= CANCEL_SAFE_VERSION
