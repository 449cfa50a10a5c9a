"""What the clients are compared in: 24 points, each of checks that hold for a client or do not."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the comparison, and its checks: what a program of a client's has to show."""

    title: str
    checks: dict[str, str]


POINTS = {
    "install": Point(
        "installed packages, import",
        {
            "packages": "fewest packages installed",
            "import": "shortest import (or within 10 % of it)",
        },
    ),
    "versions": Point(
        "freedom of versions",
        {
            "protobuf_3": "beside protobuf 3.20",
            "protobuf_4": "beside protobuf 4.25",
            "protobuf_5": "beside protobuf 5.29",
            "protobuf_6": "beside protobuf 6.33",
            "protobuf_7": "beside protobuf 7",
            "grpcio_old": "beside grpcio 1.49, the oldest with a wheel for Python 3.11",
            "python_3_10": "on Python 3.10",
            "others": "binds the versions of no packages but gRPC's and protobuf's",
        },
    ),
    "types": Point(
        "mypy --strict",
        {
            "marked": "the package says that it is typed (py.typed)",
            "right": "a right program passes",
            "wrong": "a misspelt choice is found",
            "answers": "what comes back has types, not Any",
            "arrays": "a numpy array passes as a vector",
        },
    ),
    "both": Point(
        "sync = async",
        {
            "there": "there is an asyncio client",
            "methods": "it has the same methods",
            "parameters": "they have the same parameters",
        },
    ),
    "outside": Point(
        "made outside a loop",
        {"made": "an asyncio client can be made where no loop runs", "used": "and used later"},
    ),
    "errors": Point(
        "errors over gRPC",
        {
            "own": "an exception class of the client's own",
            "by_cause": "different classes for not found, invalid, unavailable",
            "code": "carries the gRPC code",
            "reason": "carries the server's machine-readable reason",
            "violations": "carries every field at fault",
            "request_id": "carries an id that is in the server's log",
        },
    ),
    "bad_input": Point(
        "bad input",
        {
            "size": "a vector of the wrong size: told with both sizes",
            "choice": "an unknown choice: told with the known ones",
            "all": "two faults in one request are both told",
        },
    ),
    "deadline": Point(
        "deadline by default",
        {
            "ends": "a call that is never answered ends by itself within 15 s",
            "client": "a deadline can be set for the client",
            "call": "a deadline can be set for one call",
            "whole": "it holds for all attempts together",
        },
    ),
    "retries": Point(
        "retries",
        {
            "one": "a call that failed once with UNAVAILABLE succeeds",
            "outage": "a server that is away for 2.5 s is not noticed by the caller",
            "budget": "a server that stays away gets at most 3 attempts a call (200 calls)",
            "server": "the pause that the server asks for is kept",
        },
    ),
    "balancing": Point(
        "balancing over replicas",
        {
            "spread": "calls go to all addresses of a name, without a setting",
            "dead": "a replica that dies costs no call",
        },
    ),
    "plaintext": Point(
        "token over plaintext",
        {
            "told": "a token that would travel in plaintext is told of",
            "refused": "and refused unless allowed",
        },
    ),
    "token": Point(
        "token from a function, per-call headers",
        {
            "function": "a token from a function, asked anew",
            "all_calls": "headers for all calls",
            "one_call": "headers for one call",
        },
    ),
    "mtls": Point(
        "TLS and mTLS over gRPC",
        {
            "own_root": "a root certificate of one's own",
            "client_certificate": "a client certificate",
        },
    ),
    "channel": Point(
        "channel options, compression, interceptors",
        {
            "options": "options of the gRPC channel",
            "compression": "compression of requests",
            "interceptors": "interceptors of calls",
        },
    ),
    "bulk": Point(
        "bulk write",
        {
            "when_called": "writes when called",
            "bounded": "takes a generator of any length, read as it is sent",
            "alone": "a bad item fails alone",
            "outcomes": "tells how each item went",
            "summary": "and returns how many",
            "workers": "can write over several workers",
        },
    ),
    "one_write": Point(
        "one write",
        {
            "method": "one method call stores one item",
            "raises": "raises where it fails",
            "outcome": "tells new from replaced from unchanged",
        },
    ),
    "queries": Point(
        "filters, payload choice, offset, score threshold, groups",
        {
            "filter": "hits filtered by their payload",
            "fields": "a choice of what comes back with each hit",
            "offset": "an offset",
            "threshold": "a lowest score",
            "groups": "hits grouped by a field",
        },
    ),
    "pages": Point(
        "pages",
        {
            "token": "one page with the token of the next",
            "iterator": "an iterator over everything",
            "total": "the page tells how many there are in all",
        },
    ),
    "examples": Point(
        "recommend, batch search",
        {
            "stored": "what is like a stored item",
            "several": "what is like some items and unlike others",
            "batch": "several searches in one call",
        },
    ),
    "fake": Point(
        "fake for tests",
        {
            "there": "without a server",
            "grpc": "over real gRPC, so that codes, deadlines and retries are the real ones",
            "failures": "fails the next calls as told",
            "delays": "delays the next calls as told",
            "misspelt": "refuses a misspelt method",
            "engine": "answers writes, reads, searches and deletes as the server does",
        },
    ),
    "cancel": Point(
        "cancel",
        {
            "call": "an asyncio call that is cancelled is cancelled at the server",
            "stream": "a stream that is left is cancelled at the server",
        },
    ),
    "compatibility": Point(
        "server version check",
        {
            "asks": "a method tells version and capabilities of the server",
            "warns": "warns of a server that does not fit",
            "off": "and can be told not to look",
        },
    ),
    "tools": Point(
        "command line, pictures, samples",
        {
            "command": "a command line",
            "pictures": "draws what was found",
            "samples": "sample data",
        },
    ),
    "documentation": Point(
        "documentation",
        {
            "docstrings": "every public method of the client has a docstring",
            "raises": "at least half of them tell what is raised",
            "example": "the package page has an example",
            "site": "the package page links to a site of documentation",
        },
    ),
}
"""The points in their order, by name; a check is named `point.check`."""
