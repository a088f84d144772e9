"""The kernels of radial basis functions.   N examples, U units

Each takes squared distances d² (N, U) and widths h (1, U), and gives y, ∂y/∂d² and ∂y/∂h, all (N, U).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from nnexp.typing import Array


def gaussian(squares: Array, h: Array) -> tuple[Array, Array, Array]:
    """The Gaussian y = exp(-d²/2h²),  ∂y/∂d² = -y/2h²,  ∂y/∂h = y d²/h³"""
    y = np.exp(-squares / (2 * h * h))
    return y, -y / (2 * h * h), y * squares / (h * h * h)


def multiquadric(squares: Array, h: Array) -> tuple[Array, Array, Array]:
    """The multiquadric y = √(d² + h²),  ∂y/∂d² = 1/2y,  ∂y/∂h = h/y"""
    y = np.sqrt(squares + h * h)
    return y, 1 / (2 * y), h / y


def inverse_multiquadric(squares: Array, h: Array) -> tuple[Array, Array, Array]:
    """The inverse multiquadric y = 1/√(d² + h²),  ∂y/∂d² = -y³/2,  ∂y/∂h = -y³h"""
    y = 1 / np.sqrt(squares + h * h)
    cube = y * y * y
    return y, -cube / 2, -cube * h


KERNEL_FUNCTIONS: Mapping[str, Callable[[Array, Array], tuple[Array, Array, Array]]] = {
    "gaussian": gaussian,
    "multiquadric": multiquadric,
    "inverse_multiquadric": inverse_multiquadric,
}
