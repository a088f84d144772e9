"""One training step of convolutional networks on 32x32x3 images: nnexp and PyTorch on the same sizes and batches.

A step is forward, mean cross-entropy, backward and Adam's update, in single precision, on ready batches of 128.

LeNet-5      the architecture `lenet5`: tanh and average pooling, as in the paper; 3 channels in, 10 classes.
VGG-like     three blocks of conv3x3-relu-conv3x3-relu-max_pool with 32, 64 and 128 channels, zeros around the images,
             then dense(128)-relu-output.

nnexp        `Stack.step`, all of it: beyond the update it measures loss, accuracy and the norm of the gradient.
PyTorch      eager, as its users write it, with `Adam(fused=True)`, its fastest, and integer labels; in both its
             layouts for images, channels first (its default) and channels last.

nnexp is timed on its NumPy kernels and on the compiled ones (extra `fast`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from benchmarks.measure import Side, describe_machine, print_times, take_turns
from benchmarks.subjects import build_stack, gather_batches, run_steps
from nnexp.data.batches import Batch
from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import make_balanced_labels
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import Count

ROUNDS = 11
CHANNELS = (32, 64, 128)


@sources.register("noise_images")
@dataclass(frozen=True, slots=True)
class NoiseImages(Source):
    """Images of 32x32x3 whose pixels are drawn at random, in ten classes."""

    examples: Count = 256

    def describe(self) -> Description:
        return Description(self.examples, (32, 32, 3), "classes", tuple("0123456789"))

    def load(self) -> Dataset:
        pixels = make_generator(0, "data").standard_normal((self.examples, 32, 32, 3))
        return Dataset(pixels, make_balanced_labels(self.examples, 10), self.describe())


BASE_SPEC = """
data: {source: noise_images, split: {train: 1.0, dev: 0.0, test: 0.0}, normalize: none}
training: {batch_size: 128}
"""

LENET_SPEC = f"{BASE_SPEC}architecture: lenet5\nactivation: tanh\n"

BLOCK_LAYERS = """\
  - conv2d: {{filters: {0}, kernel: 3, padding: same}}
  - relu
  - conv2d: {{filters: {0}, kernel: 3, padding: same}}
  - relu
  - max_pool
"""
HEAD_LAYERS = """\
  - flatten
  - dense: {units: 128}
  - relu
  - output
"""
VGG_SPEC = f"{BASE_SPEC}architecture:\n{''.join(map(BLOCK_LAYERS.format, CHANNELS))}{HEAD_LAYERS}"


def build_lenet() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(3, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
    )


def build_vgg() -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in zip((3, *CHANNELS), CHANNELS, strict=False):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU()]
        layers += [nn.Conv2d(after, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * CHANNELS[-1], 128), nn.ReLU(), nn.Linear(128, 10))


def make_pytorch_steps(
    network: Callable[[], nn.Sequential], layout: torch.memory_format, ready: list[Batch], epochs: int, threads: int
) -> Callable[[], None]:
    """Epochs of PyTorch's usual training step."""
    torch.manual_seed(0)
    model = network().to(memory_format=layout)
    loss_of = nn.CrossEntropyLoss()
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    images = [torch.tensor(batch.x[0]).permute(0, 3, 1, 2).contiguous(memory_format=layout) for batch in ready]
    labels = [torch.tensor(batch.d[0].argmax(axis=-1)) for batch in ready]

    def run() -> None:
        torch.set_num_threads(threads)
        for _ in range(epochs):
            for x, y in zip(images, labels, strict=True):
                adam.zero_grad()
                loss = loss_of(model(x), y)
                loss.backward()
                adam.step()

    return run


def compare_libraries(title: str, text: str, network: Callable[[], nn.Sequential], epochs: int, threads: int) -> None:
    stack = build_stack(text, f"training.epochs={epochs}")
    ready = gather_batches(stack)
    units = epochs * len(ready)
    sides = {
        "PyTorch": Side(make_pytorch_steps(network, torch.contiguous_format, ready, epochs, threads), units, threads),
        "PyTorch, channels last": Side(
            make_pytorch_steps(network, torch.channels_last, ready, epochs, threads), units, threads
        ),
    }
    for kernels, name in (("numpy", "nnexp, NumPy"), ("compiled", "nnexp, compiled")):
        sides[name] = Side(lambda: run_steps(stack, ready, epochs), units, threads, kernels)
    title = f"{title}, 32x32x3, batch 128, {threads} thread{'s' if threads > 1 else ''} each"
    print_times(title, take_turns(sides, ROUNDS), base="PyTorch, channels last")


if __name__ == "__main__":
    print(describe_machine("torch", "numba"))
    for threads in (1, 2):
        compare_libraries("LeNet-5", LENET_SPEC, build_lenet, epochs=5, threads=threads)
        compare_libraries("VGG-like", VGG_SPEC, build_vgg, epochs=1, threads=threads)
