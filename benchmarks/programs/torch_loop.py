"""A share of the sweep as a PyTorch loop, one network after the other, in one thread.

python -m benchmarks.programs.torch_loop SHARE SHARES

It prints the seconds of training without those of imports. Adam is fused and batches are gathered an epoch at a time,
which were found to be the fastest ways; per-epoch metrics are the loss and accuracy of training and of the dev part.
"""

from __future__ import annotations

import sys
import time

import torch

from benchmarks.programs.digits import BATCH, EPOCHS, RUNS, load_examples


def train_network(
    rate: float, seed: int, x: torch.Tensor, y: torch.Tensor, xd: torch.Tensor, yd: torch.Tensor
) -> list[float]:
    """One run, with one row of metrics an epoch; gives the last."""
    torch.manual_seed(seed)
    network = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    optimizer = torch.optim.Adam(network.parameters(), lr=rate, fused=True)
    loss_of = torch.nn.CrossEntropyLoss()
    row: list[float] = []
    for _ in range(EPOCHS):
        order = torch.randperm(len(x))
        losses, hits = torch.zeros(()), torch.zeros((), dtype=torch.int64)
        for xb, yb in zip(x[order].split(BATCH), y[order].split(BATCH), strict=True):
            z = network(xb)
            loss = loss_of(z, yb)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                losses += loss * len(xb)
                hits += (z.argmax(dim=-1) == yb).sum()
        with torch.no_grad():
            z = network(xd)
            dev = float(loss_of(z, yd)), float((z.argmax(dim=-1) == yd).float().mean())
        row = [float(losses) / len(x), float(hits) / len(x), *dev]
    return row


def main() -> None:
    share, shares = int(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)
    x, y, xd, yd = map(torch.from_numpy, load_examples())
    began = time.perf_counter()
    rows = [train_network(rate, seed, x, y, xd, yd) for rate, seed in RUNS[share::shares]]
    print(time.perf_counter() - began, max(row[-1] for row in rows))


if __name__ == "__main__":
    main()
