"""How `ootd` tells a shell what happened: one table for all commands."""

SOME_FAILED = 1
"""Some photos or items are at fault or failed; all others are done."""

WRONG_USAGE = 2
"""The command line makes no sense; nothing was done."""

UNAVAILABLE = 3
"""No gateway answers, or it cannot work now; the same command may succeed later."""

REFUSED = 4
"""The gateway refused the request: no valid token, no such item, a value that is out of range."""

BUG = 5
"""The gateway has a bug."""

OUTPUT_LOST = 6
"""What the command has to say could not be written, as the disk is full or the output closed."""

INTERRUPTED = 130
"""Ctrl-C."""

READER_GONE = 141
"""What read the output, such as `head`, stopped reading."""

MEANINGS = {
    0: "all went well",
    SOME_FAILED: "some photos or items failed, the rest is done",
    WRONG_USAGE: "wrong usage, nothing was done",
    UNAVAILABLE: "the gateway cannot be reached or cannot work now",
    REFUSED: "it refused the request",
    BUG: "it has a bug",
    OUTPUT_LOST: "the output cannot be written",
    INTERRUPTED: "Ctrl-C",
    READER_GONE: "what read the output stopped reading",
}
"""All exit codes; where every photo or item fails for one cause, that cause's code is taken."""
