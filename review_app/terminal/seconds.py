"""How long somebody wants to wait, as an option says it."""

import math


def seconds(text: str) -> float:
    """A time in seconds; raises ValueError, which argparse turns into a message."""
    given = float(text)
    if not math.isfinite(given) or given < 0:
        raise ValueError
    return given
