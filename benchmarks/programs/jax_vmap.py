"""The sweep in JAX: all networks in one vmap, the epochs of steps in a scan, one jit.

python -m benchmarks.programs.jax_vmap

It prints the seconds of the first call, compilation included, and of a second one, and the best accuracy. JAX uses as
many threads as it likes.
"""

from __future__ import annotations

import time
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.programs.digits import BATCH, EPOCHS, RUNS, load_examples

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


def initialize_weights(key: Any) -> Any:
    """Weights and biases."""
    one, two = jax.random.split(key)
    return {
        "W1": jax.random.normal(one, (64, 64)) * (2 / 64) ** 0.5,
        "b1": jnp.zeros(64),
        "W2": jax.random.normal(two, (64, 10)) * (2 / 64) ** 0.5,
        "b2": jnp.zeros(10),
    }


def loss_of(w: Any, x: Any, y: Any) -> Any:
    """Cross-entropy, and how many are right."""
    z = jax.nn.relu(x @ w["W1"] + w["b1"]) @ w["W2"] + w["b2"]
    loss = -jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1).mean()
    return loss, (z.argmax(axis=-1) == y).sum()


def main() -> None:
    x, y, xd, yd = map(jnp.asarray, load_examples())
    whole = len(x) // BATCH

    def step(state: Any, batch: Any, rate: Any) -> Any:
        w, m, v, t = state
        (loss, hits), g = jax.value_and_grad(loss_of, has_aux=True)(w, x[batch], y[batch])
        t = t + 1
        m = jax.tree.map(lambda a, b: BETA1 * a + (1 - BETA1) * b, m, g)
        v = jax.tree.map(lambda a, b: BETA2 * a + (1 - BETA2) * b * b, v, g)
        size = rate * jnp.sqrt(1 - BETA2**t) / (1 - BETA1**t)
        w = jax.tree.map(lambda a, b, c: a - size * b / (jnp.sqrt(c) + EPS), w, m, v)
        return (w, m, v, t), (loss, hits)

    def epoch(rate: Any, carry: Any, key: Any) -> Any:
        order = jax.random.permutation(key, len(x))
        batches = order[: whole * BATCH].reshape(whole, BATCH)
        carry, (losses, hits) = jax.lax.scan(lambda s, b: step(s, b, rate), carry, batches)
        carry, (last, last_hits) = step(carry, order[whole * BATCH :], rate)  # the smaller batch
        dev = loss_of(carry[0], xd, yd)
        return carry, (losses.mean(), last, hits.sum() + last_hits, *dev)

    def run(rate: Any, seed: Any) -> Any:
        key, own = jax.random.split(jax.random.key(seed))
        w = initialize_weights(own)
        zeros = jax.tree.map(jnp.zeros_like, w)
        carry = w, zeros, zeros, jnp.zeros(())
        _, rows = jax.lax.scan(lambda c, k: epoch(rate, c, k), carry, jax.random.split(key, EPOCHS))
        return rows

    all_runs = jax.jit(jax.vmap(run))
    rates, seeds = jnp.array([rate for rate, _ in RUNS]), jnp.array([seed for _, seed in RUNS])
    times = []
    for _ in range(2):
        began = time.perf_counter()
        rows = jax.block_until_ready(all_runs(rates, seeds))
        times.append(time.perf_counter() - began)
    print(*times, float(rows[-1][:, -1].max()) / len(xd))


if __name__ == "__main__":
    main()
