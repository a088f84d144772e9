"""Hot element-wise work behind named functions.

The NumPy versions in `nnexp.nn.kernels.reference` are the readable truth and always there. A compiled version of the
same name may stand beside one in `nnexp.nn.kernels.compiled`; it gives the same bits, so using it changes nothing but
time.
"""

from nnexp.nn.kernels.dispatch import adam
from nnexp.nn.kernels.reference import (
    add_max_pool,
    add_sum_pool,
    add_windows,
    max_pool,
    softmax_cross_entropy,
    sum_pool,
    windows,
)

__all__ = [
    "adam",
    "add_max_pool",
    "add_sum_pool",
    "add_windows",
    "max_pool",
    "softmax_cross_entropy",
    "sum_pool",
    "windows",
]
