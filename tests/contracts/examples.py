"""One table of examples: every registered component, its parameters varied, each per-replica one somewhere not zero."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from nnexp.data.formats.csv.features import CategoryLevels
from nnexp.data.targets.given import Given
from nnexp.data.targets.inputs import Inputs
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.chain import Chain, make_chain
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.dropout import Dropout
from nnexp.nn.layers.residual import Residual
from nnexp.nn.losses.cross_entropy import CrossEntropy
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.nn.losses.tasks import WeightedLoss
from nnexp.nn.named import Named
from nnexp.nn.network import kind_of
from nnexp.optim.optimizers.solver import Solver
from nnexp.registry import REGISTRY_BY_KIND, component_parameters
from nnexp.typing import Shape

R, N, I, O = 3, 5, 7, 11


def chained(*layers: Layer) -> Chain:
    """Layers inside a layer."""
    return make_chain(layers, [kind_of(layer) for layer in layers])


EXAMPLES: dict[str, dict[str, list[dict[str, Any]]]] = {
    "activations": {
        "elu": [{}, {"alpha": 0.7}],
        "gelu": [{}],
        "hard_tanh": [{}],
        "identity": [{}],
        "leaky_relu": [{}, {"slope": 0.3}, {"slope": -0.2}],
        "mish": [{}],
        "prelu": [{}, {"slope": 0.4}],
        "relu": [{}],
        "selu": [{}],
        "sigmoid": [{}],
        "silu": [{}],
        "softmax": [{}],
        "softplus": [{}],
        "tanh": [{}],
    },
    "architectures": {
        "adaline": [{}],
        "alexnet": [{}, {"width": 0.1, "dropout": 0.0}],
        "autoencoder": [{"hidden": (3,)}, {"hidden": (5, 3, 2)}],
        "lenet5": [{}, {"padding": 2}],
        "linear_regression": [{}],
        "perceptron": [{}],
        "softmax_classifier": [{}],
        "two_layer": [{"embedding": Dense(3)}, {"embedding": Residual(3, Tanh())}],
        "vgg": [{}, {"depth": 11, "width": 0.1, "dropout": 0.2}],
        "zfnet": [{"width": 0.2}],
        "mlp": [{"hidden": ()}, {"hidden": (I, O)}, {"hidden": (I,), "batch_norm": True, "dropout": 0.3}],
    },
    "baselines": {
        "gaussian_classifier": [{}, {"covariance": "shared"}, {"covariance": "diagonal", "ridge": 0.0}],
        "knn": [{}, {"k": 1, "metric": "manhattan"}, {"k": 3, "metric": "chebyshev"}],
        "least_squares": [{}, {"l2": 0.1}],
    },
    "augmentations": {
        "cutout": [{"size": 3}],
        "horizontal_flip": [{}, {"rate": 0.9}],
        "mixup": [{}, {"alpha": 1.5}],
        "noise": [{"std": 0.3}],
        "random_crop": [{"padding": 2}],
    },
    "initializers": {
        "constant": [{"value": 0.3, "bias": 0.1}],
        "data_dependent": [{"bias": 0.1}, {"center": 0.3, "rounds": 2}],
        "from_run": [{"run": "none"}],
        "he": [{"bias": 0.1}, {"fan": "out", "distribution": "uniform"}, {"fan": "average"}],
        "lecun": [{"bias": 0.1}, {"distribution": "uniform"}],
        "lsuv": [{"bias": 0.1}, {"tolerance": 0.01, "max_iterations": 20}],
        "normal": [{"std": 0.2, "bias": -0.1}],
        "orthogonal": [{"bias": 0.1}, {"gain": 1.3}],
        "random_walk": [{"bias": 0.1}, {"gain": 1.2}],
        "uniform": [{"limit": 0.2, "bias": 0.1}],
        "xavier": [{"bias": 0.1}, {"fan": "in", "distribution": "uniform"}, {"fan": "out"}],
        "zeros": [{"bias": 0.1}],
    },
    "layers": {
        "activation": [{}],
        "average_pool": [{}, {"size": 3, "stride": 1}],
        "batch_norm": [
            {},
            {"momentum": 0.7, "epsilon": 0.1, "scale": False},
            {"shift": False, "statistics": "weighted_average"},
            {"scale": False, "shift": False},
        ],
        "classic_dropout": [{"rate": 0.4}],
        "conv2d": [
            {"filters": 3, "kernel": 3},
            {"filters": 2, "kernel": 2, "stride": 2, "bias": False},
            {"filters": 1, "kernel": 4, "stride": 2, "padding": 1},
            {"filters": 3, "kernel": 2, "padding": "same"},
            {"filters": 3, "kernel": 3, "stride": 2, "padding": "same"},
            {"filters": 2, "kernel": 1},
        ],
        "dense": [{"units": O}, {"units": O, "bias": False}, {"units": 1}],
        "dropout": [{"rate": 0.4}],
        "flatten": [{}],
        "gated": [{"units": O}],
        "gaussian_noise": [{"std": 0.3}],
        "global_average_pool": [{}],
        "group_norm": [{"groups": 1}, {"groups": 2, "epsilon": 0.1}],
        "layer_norm": [{}, {"epsilon": 0.1}],
        "max_pool": [{}, {"size": 3, "stride": 1}, {"size": 1, "stride": 1}],
        "maxout": [{"units": O}, {"units": 2, "pieces": 5}, {"units": 3, "pieces": 1}],
        "output": [{}, {"bias": False}],
        "parallel": [{"branches": (chained(Dense(O), Tanh()), chained(), chained(Dense(2)))}],
        "product": [{"branches": (chained(Dense(O)), chained(Dense(O), Tanh()), chained(Dense(O)))}],
        "rbf": [
            {"units": O},
            {"units": 3, "kernel": "multiquadric", "centers": "sample", "spread": 0.5},
            {"units": 2, "kernel": "inverse_multiquadric", "centers": "normal"},
        ],
        "residual": [{"units": O, "activation": Tanh()}],
        "residual_block": [
            {"layers": chained(Dense(I), Dropout(0.3), Tanh())},
            {"layers": chained(Tanh(), Dense(O)), "projected": True},
        ],
        "heads": [{"heads": Named(("digit", "parity"), (chained(Dense(O), Tanh()), chained(Dense(2))))}],
        "skip_connection": [{"linear": 2, "nonlinear": O, "activation": Tanh()}],
        "softmax_gated": [{"units": O}],
        "tied_autoencoder": [{"units": 2}],
    },
    "losses": {
        "absolute_error": [{}],
        "binary_cross_entropy": [{}],
        "cross_entropy": [{}, {"label_smoothing": 0.2}],
        "hinge": [{}, {"margin": 0.3}],
        "huber": [{}, {"delta": 0.4}],
        "kl_divergence": [{}],
        "log_cosh": [{}],
        "perceptron": [{}],
        "squared_error": [{}],
        "squared_hinge": [{}, {"margin": 0.3}],
        "tasks": [
            {
                "tasks": Named(("a", "b"), (WeightedLoss(CrossEntropy(0.2)), WeightedLoss(SquaredError(), 0.3))),
                "widths": (4, 7),
            }
        ],
    },
    "metrics": {
        "accuracy": [{}],
        "average_precision": [{}, {"of": "1"}],
        "balanced_accuracy": [{}],
        "calibration_error": [{}, {"bins": 7}],
        "exact_match": [{}],
        "f1": [{"of": "1"}, {"of": 0}],
        "log_loss": [{}],
        "macro_f1": [{}],
        "mae": [{}],
        "precision": [{"of": "1"}],
        "r2": [{}],
        "recall": [{"of": "1"}, {"of": 0}],
        "rmse": [{}],
        "roc_auc": [{}, {"of": "1"}],
    },
    "normalizations": {"center": [{}], "min_max": [{}], "none": [{}], "per_channel": [{}], "standard": [{}]},
    "optimizers": {
        "adadelta": [{}, {"lr": 0.5, "rho": 0.8, "eps": 1e-3}],
        "adagrad": [{"lr": 0.1}, {"lr": 0.1, "eps": 1e-2}],
        "adam": [{}, {"lr": 0.1, "beta1": 0.7, "beta2": 0.8, "eps": 1e-3}, {"bias_correction": False}],
        "adamw": [{}, {"lr": 0.1, "decay": 0.3, "bias_correction": False}],
        "amsgrad": [{}, {"lr": 0.1, "beta1": 0.7, "beta2": 0.8, "eps": 1e-3}, {"bias_correction": False}],
        "ema_momentum": [{"lr": 0.1}, {"lr": 0.1, "beta": 0.5, "bias_correction": False}],
        "lbfgs": [{}, {"lr": 0.5, "iterations": 5, "memory": 3}],
        "lion": [{}, {"lr": 0.1, "beta1": 0.7, "beta2": 0.8, "decay": 0.3}],
        "momentum": [{"lr": 0.1}, {"lr": 0.1, "beta": 0.5}],
        "nadam": [{}, {"lr": 0.1, "beta1": 0.7, "beta2": 0.8, "eps": 1e-3}, {"bias_correction": False}],
        "nesterov": [{"lr": 0.1}, {"lr": 0.1, "beta": 0.5}],
        "newton": [{"damping": 0.1}, {"lr": 0.5, "damping": 1.0}],
        "normal_equations": [{}, {"lr": 0.5}],
        "rmsprop": [{"lr": 0.1}, {"lr": 0.1, "rho": 0.7, "eps": 1e-2}],
        "rmsprop_momentum": [{"lr": 0.1}, {"lr": 0.1, "rho": 0.7, "beta": 0.5, "eps": 1e-2}],
        "sgd": [{"lr": 0.1}],
    },
    "penalties": {"l1": [{"strength": 0.3}], "l2": [{"strength": 0.3}], "max_norm": [{"norm": 0.3}]},
    "schedules": {
        "constant": [{}, {"warmup_epochs": 1.5}],
        "cosine": [{"final": 0.1}, {"cycles": 2, "warmup_epochs": 1.0}],
        "exponential": [{}, {"base": 0.5, "warmup_epochs": 0.7}],
        "inverse_sqrt": [{}, {"k": 0.5, "per": "batch", "warmup_epochs": 0.5}],
        "inverse_time": [{"decay": 0.5, "warmup_epochs": 0.5}],
        "linear": [{}, {"final": 0.1, "warmup_epochs": 1.0}],
        "one_cycle": [{}, {"rise": 0.5, "start": 0.2, "final": 0.1, "warmup_epochs": 0.5}],
        "piecewise": [
            {"boundaries": (2.0, 3.0), "values": (1.0, 0.5, 0.1)},
            {"boundaries": (), "values": (0.5,), "warmup_epochs": 1.0},
        ],
        "plateau": [{}, {"factor": 0.5, "patience": 2, "min_delta": 0.01, "least": 0.1, "warmup_epochs": 1.0}],
        "polynomial": [{"power": 2.0}, {"power": 0.9, "final": 0.1, "warmup_epochs": 1.0}],
        "step": [{"every": 2}, {"every": 1.5, "factor": 0.5, "warmup_epochs": 1.0}],
    },
    "sources": {
        "blobs": [{"examples": 101, "features": 5}],
        "cifar_like": [{"examples": 103}],
        "cifar10": [{}],
        "cifar100": [{}, {"labels": "coarse"}],
        "circles": [{"examples": 103}],
        "csv": [
            {"path": "none", "target": "y"},
            {"path": "none", "target": ("u", "v"), "categorical": Named(("c",), (CategoryLevels(("a", 1)),))},
        ],
        "digits": [{}, {"flat": False}],
        "fashion_mnist": [{}, {"flat": True}],
        "friedman": [{"examples": 103}],
        "gaussians": [{"examples": 103, "features": 5}],
        "image_folder": [{"path": "none"}, {"path": "none", "size": (5, 7), "color": "gray", "resize": "stretch"}],
        "line": [{"examples": 103}],
        "mnist": [{}, {"flat": True}],
        "moons": [{"examples": 107}],
        "npz": [{"path": "none"}, {"path": "none", "kind": "binary", "classes": ("yes", "no")}],
        "polynomial": [{"examples": 103}],
        "random_normal": [{"examples": 103}],
        "rings": [{"examples": 103}],
        "sine": [{"examples": 109}],
        "spirals": [{"examples": 113, "classes": 5}],
        "teacher": [{"examples": 103}],
        "teacher_classes": [{"examples": 103}],
        "xor": [{"examples": 127}],
    },
    "targets": {
        "given": [{}],
        "grouped": [{"groups": ((0, 2), (1,))}],
        "inputs": [{}],
        "membership": [{"groups": ((0, 2), (2, 1), (1,))}],
        "tasks": [{"tasks": Named(("digit", "pixels"), (Given(), Inputs()))}],
    },
}

PLACEHOLDERS = frozenset({"activation", "output"})
"""Layers that `nnexp.nn.network.build_network` replaces before anything goes through them."""

FLAT = frozenset(
    {
        "dense",
        "gated",
        "heads",
        "maxout",
        "parallel",
        "product",
        "rbf",
        "residual",
        "residual_block",
        "skip_connection",
        "softmax_gated",
    }
    | {"tied_autoencoder"}
)
"""Layers that take flat inputs only."""

IMAGE: Shape = (2, 3, I)
PICTURE: Shape = (4, 6, 2)

LINEAR = ("adaline", "autoencoder", "linear_regression", "mlp", "perceptron", "softmax_classifier", "two_layer")
"""Architectures that flatten images."""

SHAPES: dict[str, tuple[Shape, ...]] = {
    **dict.fromkeys(FLAT, ((I,),)),
    **dict.fromkeys(("average_pool", "conv2d", "global_average_pool", "max_pool"), (PICTURE,)),
    "group_norm": ((6,), PICTURE),
    "lenet5": ((32, 32, 1),),
    **dict.fromkeys(("alexnet", "vgg", "zfnet"), ((224, 224, 3), (8, 8, 1), (30, 20, 2))),
    **dict.fromkeys(LINEAR, ((I,), IMAGE)),
}
"""The inputs of components that do not take every shape; the others take a vector and an image."""


@dataclass(frozen=True)
class Example:
    """A component of one kind; a layer comes with the core shape of its input."""

    kind: str
    name: str
    component: Any
    shape: Shape = (I,)

    def __str__(self) -> str:
        return f"{self.component}-{'x'.join(map(str, self.shape))}" if self.shape != (I,) else str(self.component)


def examples(*kinds: str) -> list[Example]:
    """All examples of the kinds."""
    return [
        Example(kind, name, REGISTRY_BY_KIND[kind][name](**given))
        for kind in kinds
        for name, several in EXAMPLES[kind].items()
        for given in several
        if name in REGISTRY_BY_KIND[kind]
    ]


def update_rules() -> list[Example]:
    """The optimizers that change theta from one gradient."""
    return [example for example in examples("optimizers") if not isinstance(example.component, Solver)]


def layer_examples() -> list[Example]:
    """Layers and activations, each with every shape of input that it takes."""
    usable = [example for example in examples("layers", "activations") if example.name not in PLACEHOLDERS]
    return [replace(e, shape=shape) for e in usable for shape in SHAPES.get(e.name, ((I,), IMAGE))]


def variations(component: Any) -> list[Any]:
    """R components that differ in every per-replica parameter that is not zero and not left open."""
    known = [p.name for p in component_parameters(type(component)) if p.is_per_replica]
    hyper = [name for name in known if getattr(component, name) is not None]
    return [replace(component, **{h: getattr(component, h) * factor for h in hyper}) for factor in (1.0, 0.5, 0.75)]


def classes() -> Iterator[tuple[str, str, type[Any]]]:
    """Every registered component: kind, name and class."""
    return ((kind, name, registry[name]) for kind, registry in REGISTRY_BY_KIND.items() for name in registry)
