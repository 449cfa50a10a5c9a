"""How many files and connections the process may have open."""

import resource

import structlog

from ootd_gateway.errors import StartError

log = structlog.get_logger(__name__)

FEWEST = 64
"""With fewer the gateway cannot start."""

FEW = 1024
"""With fewer a few hundred connections take all of them, which is worth a warning."""

MOST = 1 << 20
"""More are not asked for: some programs look at each number that they might have."""


def raise_limit() -> int:
    """Raise the soft limit to the hard one; return what holds now. Raises StartError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            wanted = soft
        soft = wanted
    if soft != resource.RLIM_INFINITY and soft < FEWEST:
        raise StartError(
            f"the process may open {soft} files, the gateway needs at least {FEWEST} and better "
            f"{FEW} or more: raise the limit (ulimit -Hn, LimitNOFILE=)"
        )
    if soft != resource.RLIM_INFINITY and soft < FEW:
        log.warning(
            "few file descriptors: each connection takes one; raise the limit (ulimit -Hn, "
            "LimitNOFILE=)",
            limit=soft,
        )
    return soft
