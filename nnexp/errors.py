"""Every exception that a user can cause.

NnexpError
├── SpecError          all problems of a spec, each with place, expected, found, suggestion   exit 2 or 6
├── UsageError         a wrong word on the command line or a wrong argument                   exit 2
├── DataError          missing, unreadable, wrong checksum, wrong shape                       exit 6
├── RunError           a run folder that is locked, damaged, unwritable or not there          exit 1
│   └── ResumeError    what changed since the run began                                       exit 5
├── GradientMismatch   layer, parameter, entry, analytic, numeric                             exit 4
├── GradientUndecided  parameters whose gradient could not be checked                         exit 4
├── Diverged           run, epoch, step                                                       exit 1
└── Interrupted        stopped by Ctrl-C or SIGTERM, state saved                       exit 130 or 143

The command line renders these in one place. Anything else that escapes is a bug and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

# Of the annotation alone: problems are defined above this module, which imports nothing.
if TYPE_CHECKING:
    from nnexp.spec.problems import Problem


class NnexpError(Exception):
    """Base of all errors that are the user's to mend; `exit_code` is what the command line ends with."""

    exit_code: int = 1


class SpecError(NnexpError):
    """A spec that cannot be trained; `problems` lists everything that is wrong, in file order.

    Where nothing is wrong but the data that it names, the exit code is that of DataError.
    """

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        # A script must tell a spec to mend from data to fetch.
        if problems and all(problem.of_data for problem in problems):
            self.exit_code = DataError.exit_code
        super().__init__("\n\n".join(problem.format_report() for problem in self.problems))


class UsageError(NnexpError):
    """A command or function that was asked for something it cannot do."""

    exit_code = 2


class DataError(NnexpError):
    """Data that is missing, unreadable, damaged or of the wrong shape."""

    exit_code = 6


class RunError(NnexpError):
    """A run folder that cannot be used: locked, damaged, unwritable or not there."""

    exit_code = 1


class ResumeError(RunError):
    """A run that cannot be continued because its spec, its data or the format of its files changed."""

    exit_code = 5


class Diverged(NnexpError):
    """A loss that is not finite any more; `epoch` and `step` count from 1."""

    exit_code = 1

    def __init__(self, run: str, epoch: int, step: int) -> None:
        self.run, self.epoch, self.step = run, epoch, step
        super().__init__(
            f"{run} diverged: the loss was not finite in epoch {epoch}, step {step}.\n"
            f"`nnexp diagnose {run}` says what to try, as a rule a smaller learning rate."
        )


class GradientMismatch(NnexpError):
    """A gradient that is not the derivative of the objective.

    `layer` is the part at fault, where one is; `parameter` and `index` say where the gradient is wrong, `index` being
    None where that is known of a direction only.
    """

    exit_code = 4

    def __init__(
        self,
        name: str,
        layer: str,
        parameter: str,
        index: tuple[int, ...] | None,
        analytic: float,
        numeric: float,
        faults: Sequence[str] = (),
    ) -> None:
        self.layer, self.parameter, self.index = layer, parameter, index
        self.analytic, self.numeric = analytic, numeric
        where = "along a direction" if index is None else f"[{', '.join(map(str, index))}]"
        first = (
            f"{name}: the gradient of {parameter} is wrong: {where} is {analytic:.9g} by backpropagation "
            f"and {numeric:.9g} by differences"
        )
        super().__init__("\n  ".join([first, *faults]))


class GradientUndecided(NnexpError):
    """A gradient that could not be checked; `parameters` says of what."""

    exit_code = 4

    def __init__(self, name: str, parameters: str) -> None:
        self.parameters = parameters
        super().__init__(
            f"{name}: the gradient could not be checked: {parameters}.\n"
            "Too many entries sit on a kink of the objective, such as the weight 0 under an l1 penalty, or nothing is "
            "trained. Another seed, or --after 10, moves the weights."
        )


class Interrupted(NnexpError):
    """Training that a signal stopped; the same command continues it. The exit code is 128 and the signal's number."""

    def __init__(self, message: str, signal: int) -> None:
        self.signal = signal
        self.exit_code = 128 + signal
        super().__init__(message)
