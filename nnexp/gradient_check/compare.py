"""An analytic gradient beside differences.   E probes"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.gradient_check.differences import estimate_derivatives, estimate_noise
from nnexp.gradient_check.probes import PointFunction, Probes, restrict_to_probes
from nnexp.typing import Array, BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class GradientComparison:
    """The derivatives along some probes (E), by both ways; `smooth` says which could be compared."""

    numeric: Array
    analytic: Array
    bounds: Array
    smooth: BoolArray

    @property
    def error(self) -> float:
        """‖approx - exact‖ / (‖approx‖ + ‖exact‖); 0 where both are 0."""
        return self._make_relative(float(np.linalg.norm(self.numeric - self.analytic)))

    @property
    def floor(self) -> float:
        """The part of the error that the differences themselves may have caused."""
        return self._make_relative(float(np.linalg.norm(self.bounds)))

    def is_wrong(self, threshold: float) -> bool:
        """Whether the two differ by more than the threshold, and by more than the differences can err."""
        return not self.error <= max(threshold, self.floor)

    def _make_relative(self, amount: float) -> float:
        size = float(np.linalg.norm(self.numeric) + np.linalg.norm(self.analytic))
        if not size:
            return 0.0
        return amount / size


def compare_gradient(
    function: PointFunction, origin: Array, gradient: Array, several: Sequence[Probes], rows: int, threshold: float
) -> GradientComparison:
    """Hold a gradient (P) at a point (P) against differences along all the probes."""
    parts = []
    for probes in several:
        f = restrict_to_probes(function, origin, probes, rows)
        found = estimate_derivatives(f, len(probes), estimate_noise(f), threshold)
        # 0 on both sides where a kink spoils the difference, so that it counts neither as right nor as wrong.
        analytic = np.where(found.smooth, probes.project(gradient), 0)
        parts.append((found.values, analytic, found.bounds, found.smooth))
    return GradientComparison(*map(np.concatenate, zip(*parts, strict=True)))
