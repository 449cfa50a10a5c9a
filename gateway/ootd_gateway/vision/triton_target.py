"""Which texts can be the gRPC target of a Triton."""


def target_fault(target: str) -> str | None:
    """Return what is wrong with a target, None where gRPC can use it.

    Right are "host:port", "[::1]:port", "dns:///host:port", "dns://server/host:port", lists after
    "ipv4:" and "ipv6:", and "unix:path".
    """
    if target.startswith(("unix:", "unix-abstract:", "vsock:", "xds:")):
        return None
    for family in ("ipv4:", "ipv6:"):
        if target.startswith(family):
            ends = [one.strip() for one in target.removeprefix(family).split(",") if one.strip()]
            if not ends:
                return f'there is no address after "{family}"'
            return next(filter(None, map(_end_fault, ends)), None)
    if target.startswith("dns:"):
        return _end_fault(target.removeprefix("dns:").lstrip("/").rpartition("/")[2])
    if "://" in target:
        scheme = target.partition("://")[0]
        return f'"{scheme}://" is no way to reach it: Triton is asked over gRPC'
    return _end_fault(target)


def _end_fault(end: str) -> str | None:
    host, colon, port = end.rpartition(":")
    if not colon or not port.isdigit():
        return f'"{end}" has no port, which is 8001 unless Triton was told another'
    if not host:
        return f'"{end}" has no host'
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        return f'"{end}": an IPv6 address goes into brackets, as in [::1]:8001'
    if not 0 < int(port) <= 65535:
        return f"port {port} is not between 1 and 65535"
    return None
