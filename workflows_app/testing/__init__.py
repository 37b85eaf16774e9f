"""Play workflows in memory: the real reducer, scripted people, a clock to move.

No database, no worker, no waiting. `play(workflow, ...)` starts a run and does all its
steps at once; then answer, move the clock, let workers die, and look at the run.
"""

from .crashes import survive_crashes
from .people import Person
from .play import Play, play
from .question import Question
from .queue import Queue
from .waits import Wait

__all__ = ["Person", "Play", "Question", "Queue", "Wait", "play", "survive_crashes"]
