"""Gives back what exceptions hold.

An exception holds the frames that it passed through, and these their locals, such as a photo. gRPC
keeps the exception of a call that failed in a cycle with the call, which only the garbage collector
ends, and that counts objects, not bytes: a few hundred refused photos were gigabytes.
"""

import traceback


def release_locals(error: BaseException | None) -> None:
    """Clear the locals of all frames that have ended, of this exception and those it came from."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        traceback.clear_frames(one.__traceback__)
        waiting += [one.__cause__, one.__context__]
