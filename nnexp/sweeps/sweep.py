"""A sweep on disk, as Python sees it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nnexp.errors import RunError
from nnexp.prediction.run import Run

if TYPE_CHECKING:
    import pandas as pd


class Sweep:
    """A sweep on disk. Raises RunError if the folder holds no sweep."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not (self.path / "sweep.csv").is_file():
            raise RunError(f"{self.path} holds no sweep: it has no sweep.csv")

    def __repr__(self) -> str:
        return f"Sweep({str(self.path)!r})"

    @property
    def table(self) -> pd.DataFrame:
        """sweep.csv: one row a run, with what varies, seed, state and metrics."""
        import pandas as pd  # here, as it takes longer to import than all else

        return pd.read_csv(self.path / "sweep.csv")

    @property
    def runs(self) -> list[Run]:
        """The runs that have begun, in the order of the plan."""
        root = self.path.parent.parent  # sweeps lie in their own folder among the runs
        folders = [root / name for name in self.table["run"].astype(str)]
        return [Run(folder) for folder in folders if (folder / "run.json").is_file()]
