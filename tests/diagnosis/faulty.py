"""Runs with a fault that is known: thresholds were chosen with the first half, and judged with the second."""

from __future__ import annotations

from tests.diagnosis.cases import Case

DIGITS = "data: {source: digits}\n"
IMAGES = "data: {source: {digits: {flat: false}}, split: {train: 400, dev: 200, test: 0}}\n"
MOONS = "data: {source: {moons: {examples: 600, noise: 0.1}}}\n"
CIRCLES = "data: {source: {circles: {examples: 600}}}\n"
SPIRALS = "data: {source: {spirals: {examples: 600}}}\n"
SINE = "data: {source: {sine: {examples: 400}}}\n"
TEACHER = "data: {source: {teacher: {hidden: [8], features: 6, examples: 800}}}\n"
FRIEDMAN = "data: {source: {friedman: {examples: 800}}}\n"
TASKS = """\
data: {source: digits, targets: {tasks: {digit: given, parity: {grouped: [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]}}}}
architecture: [dense: 32, activation, {heads: {digit: [output], parity: [output]}}]
"""
CONVOLUTIONS = """\
architecture: [conv2d: {filters: 8, kernel: 3, padding: same}, activation, max_pool,
               conv2d: {filters: 16, kernel: 3, padding: same}, activation, global_average_pool, output]
"""


def mlp(*hidden: int, more: str = "") -> str:
    return f"architecture: {{mlp: {{hidden: {list(hidden)}{more}}}}}\n"


def training(epochs: int, more: str = "") -> str:
    return f"training: {{epochs: {epochs}{more}}}\n"


def deep(layers: int, units: int) -> str:
    return mlp(*[units] * layers)


TUNING = (
    Case("zero_relu", DIGITS + mlp(64) + "init: zeros\n" + training(6), ("symmetric_units",)),
    Case(
        "constant_sigmoid",
        SINE + mlp(16) + "activation: sigmoid\ninit: {constant: 0.1}\n" + training(20),
        ("symmetric_units",),
    ),
    Case("adam_x100", DIGITS + mlp(64, 64) + "optimizer: {adam: {lr: 0.2}}\n" + training(8), ("lr_too_high",)),
    Case(
        "sgd_x100",
        DIGITS + mlp(64) + "optimizer: {sgd: {lr: 10}}\n" + training(8),
        ("lr_too_high", "diverged"),
    ),
    Case("sgd_sine_x1000", SINE + mlp(32) + "optimizer: {sgd: {lr: 20}}\n" + training(8), ("diverged",)),
    Case(
        "conv_adam_x100",
        IMAGES + CONVOLUTIONS + "optimizer: {adam: {lr: 0.5}}\n" + training(6),
        ("lr_too_high",),
    ),
    Case("adam_by_1000", DIGITS + mlp(64) + "optimizer: {adam: {lr: 1e-6}}\n" + training(10), ("lr_too_low",)),
    Case(
        "momentum_by_1000",
        MOONS + mlp(16) + "optimizer: {momentum: {lr: 5e-5}}\n" + training(20),
        ("lr_too_low",),
    ),
    Case("tasks_by_1000", TASKS + "optimizer: {sgd: {lr: 1e-4}}\n" + training(6), ("lr_too_low",)),
    Case(
        "sigmoid_ten",
        DIGITS + deep(10, 32) + "activation: sigmoid\n" + training(6),
        ("vanishing_gradients",),
    ),
    Case(
        "tiny_tanh",
        DIGITS + deep(6, 32) + "activation: tanh\ninit: {normal: {std: 1e-3}}\n" + training(6),
        ("vanishing_gradients",),
    ),
    Case(
        "huge_tanh",
        DIGITS + mlp(48, 48) + "activation: tanh\ninit: {normal: {std: 3}}\n" + training(6),
        ("saturated_units",),
    ),
    Case(
        "huge_relu",
        DIGITS + deep(8, 48) + "init: {normal: {std: 1}}\n" + training(6),
        ("exploding_gradients",),
    ),
    Case(
        "unscaled_table",
        "data: {source: {npz: {path: FOLDER/scaled.npz}}, normalize: none}\n" + mlp(16) + training(20),
        ("not_normalized",),
    ),
    Case(
        "far_tanh",
        "data: {source: {npz: {path: FOLDER/far.npz}}, normalize: none}\n"
        + mlp(16)
        + "activation: tanh\n"
        + training(20),
        ("not_normalized",),
    ),
    Case("dropout_0.97", DIGITS + mlp(64, more=", dropout: 0.97") + training(10), ("over_regularized",)),
    Case(
        "l2_1",
        DIGITS + mlp(64) + "regularization: {l2: 1.0}\n" + training(10),
        ("over_regularized",),
    ),
    Case(
        "shuffled_labels",
        "data: {source: {npz: {path: FOLDER/shuffled.npz}}, split: {train: 400, dev: 200, test: 0}}\n"
        + mlp(128, 128)
        + "optimizer: {adam: {lr: 3e-3}}\n"
        + training(40),
        ("no_better_than_guessing",),
    ),
    Case(
        "tiny_data",
        "data: {source: digits, split: {train: 40, dev: 400, test: 0}}\n" + mlp(128, 128) + training(60),
        ("high_variance",),
    ),
    Case(
        "negative_bias",
        DIGITS + mlp(64, 64) + "init: {he: {bias: -10}}\n" + training(6),
        ("dead_units",),
    ),
    Case(
        "batches_of_2",
        MOONS + mlp(32, 32, more=", batch_norm: true") + training(10, ", batch_size: 2"),
        ("small_batches",),
    ),
    Case(
        "rare_class",
        "data: {source: {npz: {path: FOLDER/rare.npz}}}\n" + mlp(8) + "optimizer: {adam: {lr: 5e-3}}\n" + training(15),
        ("class_never_predicted",),
    ),
    Case(
        "too_small",
        SPIRALS + mlp(2) + "optimizer: {adam: {lr: 1e-2}}\n" + training(120),
        ("high_bias",),
    ),
    Case(
        "too_few_epochs",
        DIGITS + mlp(64) + "optimizer: {sgd: {lr: 0.003}}\n" + training(2),
        ("still_improving",),
    ),
    Case(
        "overfitted_moons",
        "data: {source: {moons: {examples: 300, noise: 0.35}}, split: {train: 100, dev: 200, test: 0}}\n"
        + mlp(128, 128)
        + "optimizer: {adam: {lr: 5e-3}}\n"
        + training(150),
        ("overfitting",),
        0.08,
    ),
)

HELD_OUT = (
    Case(
        "zero_tanh",
        MOONS + mlp(32, 32) + "activation: tanh\ninit: zeros\n" + training(15),
        ("symmetric_units",),
    ),
    Case("zero_conv", IMAGES + CONVOLUTIONS + "init: zeros\n" + training(4), ("symmetric_units",)),
    Case("zero_tasks", TASKS + "init: zeros\n" + training(6), ("symmetric_units",)),
    Case(
        "momentum_x100",
        DIGITS + mlp(64, 32) + "optimizer: {momentum: {lr: 5}}\n" + training(8),
        ("lr_too_high", "diverged"),
    ),
    Case(
        "rmsprop_x1000",
        CIRCLES + mlp(32, 32) + "optimizer: {rmsprop: {lr: 1}}\n" + training(15),
        ("lr_too_high",),
    ),
    Case(
        "nesterov_teacher_x100",
        TEACHER + mlp(32, 32) + "activation: tanh\noptimizer: {nesterov: {lr: 5}}\n" + training(10),
        ("lr_too_high", "diverged"),
    ),
    Case(
        "adamw_x300",
        FRIEDMAN + mlp(32, 32) + "optimizer: {adamw: {lr: 1.0}}\nschedule: cosine\n" + training(20),
        ("lr_too_high",),
    ),
    Case("sgd_by_1000", SPIRALS + mlp(32) + "optimizer: {sgd: {lr: 1e-4}}\n" + training(20), ("lr_too_low",)),
    Case(
        "adamw_by_1000",
        TEACHER + mlp(16) + "activation: tanh\noptimizer: {adamw: {lr: 1e-6}}\n" + training(20),
        ("lr_too_low",),
    ),
    Case(
        "conv_by_1000",
        IMAGES + CONVOLUTIONS + "optimizer: {nadam: {lr: 2e-6}}\n" + training(5),
        ("lr_too_low",),
    ),
    Case(
        "sigmoid_twelve",
        MOONS + deep(12, 16) + "activation: sigmoid\ninit: xavier\noptimizer: {momentum: {lr: 0.05}}\n" + training(15),
        ("vanishing_gradients",),
    ),
    Case(
        "tiny_relu",
        DIGITS + deep(8, 32) + "init: {normal: {std: 0.01}}\noptimizer: {sgd: {lr: 0.05}}\n" + training(6),
        ("vanishing_gradients",),
    ),
    Case(
        "huge_sigmoid",
        CIRCLES + mlp(24, 24) + "activation: sigmoid\ninit: {uniform: {limit: 30}}\n" + training(15),
        ("saturated_units",),
    ),
    Case(
        "exploding_values",
        FRIEDMAN + deep(7, 48) + "init: {normal: {std: 1}}\noptimizer: {sgd: {lr: 0.01}}\n" + training(6),
        ("exploding_gradients", "diverged"),
    ),
    Case(
        "unscaled_values",
        "data: {source: {npz: {path: FOLDER/far_values.npz}}, normalize: none}\n"
        + mlp(32)
        + "optimizer: {sgd: {lr: 0.01}}\n"
        + training(10),
        ("not_normalized",),
    ),
    Case(
        "raw_flats",
        "data: {source: {csv: {path: configs/data/flats.csv, target: rent, kind: values, fill: median, categorical: "
        "{district: [Altstadt, Hafen, Nordend, Westhang]}}}, normalize: none}\n"
        + mlp(32)
        + "optimizer: {adam: {lr: 0.1}}\n"
        + training(20),
        ("not_normalized",),
    ),
    Case(
        "dropout_0.95_everywhere",
        SPIRALS
        + "architecture: [dense: 32, activation, dropout: 0.95, dense: 32, activation, dropout: 0.95, output]\n"
        + training(40),
        ("over_regularized",),
    ),
    Case(
        "l1_0.3",
        MOONS + mlp(32) + "regularization: {l1: 0.3}\noptimizer: {adam: {lr: 5e-3}}\n" + training(30),
        ("over_regularized",),
    ),
    Case(
        "l2_10_values",
        TEACHER + mlp(32) + "regularization: {l2: 3.0}\noptimizer: {sgd: {lr: 0.05}}\n" + training(20),
        ("over_regularized",),
    ),
    Case(
        "foreign_values",
        "data: {source: {npz: {path: FOLDER/foreign_values.npz}}, split: {train: 400, dev: 200, test: 0}}\n"
        + mlp(128, 128)
        + training(60),
        ("no_better_than_guessing",),
    ),
    Case(
        "tiny_values",
        "data: {source: {friedman: {examples: 330, noise: 0.5}}, split: {train: 30, dev: 300, test: 0}}\n"
        + mlp(64, 64)
        + "optimizer: {adam: {lr: 3e-3}}\n"
        + training(150, ", batch_size: 10"),
        ("high_variance", "overfitting"),
    ),
    Case(
        "dying_convolutions",
        IMAGES + CONVOLUTIONS + "init: {he: {bias: -20}}\n" + training(5),
        ("dead_units",),
    ),
    Case(
        "batches_of_3",
        DIGITS + "architecture: [dense: 32, batch_norm, activation, output]\n" + training(3, ", batch_size: 3"),
        ("small_batches",),
    ),
    Case(
        "one_of_three",
        "data: {source: {npz: {path: FOLDER/three.npz}}}\n"
        + mlp(16)
        + "activation: tanh\n"
        + "optimizer: {adam: {lr: 5e-3}}\n"
        + training(20),
        ("class_never_predicted",),
    ),
    Case(
        "linear_rings",
        "data: {source: {rings: {examples: 900}}}\narchitecture: [output]\noptimizer: {adam: {lr: 1e-2}}\n"
        + training(40),
        ("high_bias",),
    ),
    Case(
        "too_few_steps",
        TEACHER + mlp(32) + "activation: tanh\noptimizer: {sgd: {lr: 0.02}}\n" + training(3, ", batch_size: 100"),
        ("still_improving",),
    ),
    Case(
        "overfitted_values",
        "data: {source: {friedman: {examples: 400, noise: 3}}, split: {train: 150, dev: 250, test: 0}}\n"
        + mlp(128, 128)
        + "optimizer: {adam: {lr: 3e-3}}\n"
        + training(120),
        ("overfitting",),
        0.3,
    ),
)

FRESH = (
    Case(
        "constant_gelu",
        "data: {source: {rings: {examples: 600}}}\n"
        + mlp(24, 24)
        + "activation: gelu\ninit: {constant: 0.05}\n"
        + training(20),
        ("symmetric_units",),
    ),
    Case(
        "zero_batch_norm",
        FRIEDMAN
        + "architecture: [dense: 32, batch_norm, activation, dense: 16, activation, output]\ninit: zeros\n"
        + training(10),
        ("symmetric_units",),
    ),
    Case(
        "lion_x300",
        DIGITS + mlp(48) + "optimizer: {lion: {lr: 0.1}}\n" + training(8),
        ("lr_too_high", "about_to_diverge"),
    ),
    Case(
        "sgd_tanh_x100",
        SPIRALS + mlp(32, 32) + "activation: tanh\noptimizer: {sgd: {lr: 50}}\n" + training(20),
        ("lr_too_high", "saturated_units"),
    ),
    Case(
        "huber_momentum_x1000",
        SINE + mlp(32) + "loss: {huber: {delta: 0.5}}\noptimizer: {momentum: {lr: 20}}\n" + training(20),
        ("lr_too_high", "diverged", "about_to_diverge"),
    ),
    Case(
        "rmsprop_by_1000",
        CIRCLES + mlp(32) + "optimizer: {rmsprop: {lr: 1e-6}}\nschedule: cosine\n" + training(30),
        ("lr_too_low",),
    ),
    Case(
        "unseen_by_1000",
        DIGITS + mlp(48) + "optimizer: {sgd: {lr: 1e-4}}\ndiagnostics: {every: never}\n" + training(12),
        ("lr_too_low",),
    ),
    Case(
        "sigmoid_eight_batches",
        DIGITS + deep(9, 24) + "activation: sigmoid\ninit: lecun\noptimizer: {sgd: {lr: 0.3}}\n" + training(8),
        ("vanishing_gradients",),
    ),
    Case(
        "small_uniform",
        TEACHER
        + deep(5, 24)
        + "activation: tanh\ninit: {uniform: {limit: 0.01}}\noptimizer: {sgd: {lr: 0.05}}\n"
        + training(20),
        ("vanishing_gradients",),
    ),
    Case(
        "huge_first_tanh",
        MOONS + mlp(32, 32) + "activation: tanh\ninit: {normal: {std: 20}}\n" + training(20),
        ("saturated_units",),
    ),
    Case(
        "exploding_elu",
        DIGITS
        + deep(7, 64)
        + "activation: leaky_relu\ninit: {uniform: {limit: 1.0}}\noptimizer: {adam: {lr: 1e-3}}\n"
        + training(5),
        ("exploding_gradients",),
    ),
    Case(
        "raw_scaled_sgd",
        "data: {source: {npz: {path: FOLDER/scaled.npz}}, normalize: none}\n"
        + mlp(24)
        + "activation: elu\noptimizer: {momentum: {lr: 0.01}}\n"
        + training(20),
        ("not_normalized",),
    ),
    Case(
        "dropout_before_output",
        DIGITS + "architecture: [dense: 32, activation, dropout: 0.98, output]\n" + training(10),
        ("over_regularized",),
    ),
    Case(
        "adamw_decay",
        DIGITS + mlp(48) + "optimizer: {adamw: {lr: 1e-3, decay: 30}}\n" + training(10),
        ("over_regularized",),
    ),
    Case(
        "random_values",
        "data: {source: {random_normal: {features: 20, outputs: 1, examples: 500}}, split: {train: 300, "
        "dev: 200, test: 0}}\n" + mlp(64, 64) + "optimizer: {adam: {lr: 3e-3}}\n" + training(60),
        ("no_better_than_guessing",),
    ),
    Case(
        "few_digits",
        "data: {source: {digits: {flat: false}}, split: {train: 60, dev: 300, test: 0}}\n"
        + CONVOLUTIONS.replace("global_average_pool", "flatten")
        + training(60, ", batch_size: 20"),
        ("high_variance",),
    ),
    Case(
        "biased_dead",
        TEACHER + mlp(24, 24) + "init: {he: {bias: -15}}\noptimizer: {momentum: {lr: 0.01}}\n" + training(10),
        ("dead_units",),
    ),
    Case(
        "batches_of_4",
        FRIEDMAN
        + mlp(24, more=", batch_norm: true")
        + "optimizer: {adam: {lr: 3e-3}}\n"
        + training(8, ", batch_size: 4"),
        ("small_batches",),
    ),
    Case(
        "rare_tanh",
        "data: {source: {npz: {path: FOLDER/rare.npz}}}\n"
        + mlp(4)
        + "activation: tanh\noptimizer: {momentum: {lr: 0.02}}\n"
        + training(10),
        ("class_never_predicted",),
    ),
    Case(
        "linear_circles",
        "data: {source: {circles: {examples: 600}}}\narchitecture: softmax_classifier\noptimizer: {sgd: {lr: 0.3}}\n"
        + training(30),
        ("high_bias",),
    ),
    Case(
        "linear_friedman",
        FRIEDMAN + "architecture: linear_regression\noptimizer: {sgd: {lr: 0.02}}\n" + training(40),
        ("high_bias",),
    ),
    Case(
        "stopped_short",
        SPIRALS + mlp(32, 32) + "optimizer: {adam: {lr: 3e-3}}\n" + training(12),
        ("still_improving",),
    ),
    Case(
        "overfitted_gaussians",
        "data: {source: {gaussians: {examples: 400, separation: 2}}, split: {train: 150, dev: 250, test: 0}}\n"
        + mlp(128, 64)
        + "optimizer: {adam: {lr: 3e-3}}\n"
        + training(100),
        ("overfitting",),
        0.2,
    ),
)

ASKED = (
    Case("adam_x1000", DIGITS + mlp(64, 64) + "optimizer: {adam: {lr: 1.0}}\n" + training(15), ("lr_too_high",)),
    Case("sgd_100", DIGITS + mlp(64, 64) + "optimizer: {sgd: {lr: 100}}\n" + training(15), ("diverged",)),
    Case("adam_1e-6", DIGITS + mlp(64, 64) + "optimizer: {adam: {lr: 1e-6}}\n" + training(15), ("lr_too_low",)),
    Case("sigmoid_he", DIGITS + deep(10, 32) + "activation: sigmoid\n" + training(15), ("vanishing_gradients",)),
    Case(
        "forty_digits",
        "data: {source: digits, split: {train: 40, dev: 400, test: 0}}\n" + mlp(64, 64) + training(15),
        ("high_variance",),
    ),
    Case(
        "forty_digits_longer",
        "data: {source: digits, split: {train: 40, dev: 400, test: 0}}\n" + mlp(64, 64) + training(100),
        ("high_variance",),
    ),
)
"""Whose remedies are tried besides."""
