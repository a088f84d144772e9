"""Runs with nothing wrong: thresholds were chosen with the first half, and judged with the second."""

from __future__ import annotations

from tests.diagnosis.cases import Case
from tests.diagnosis.faulty import CIRCLES, DIGITS, FRIEDMAN, MOONS, SINE, SPIRALS, TASKS, TEACHER, deep, mlp, training

IMAGES = "data: {source: {digits: {flat: false}}}\n"

CONVOLUTIONS = """\
architecture: [conv2d: {filters: 8, kernel: 3, padding: same}, batch_norm, activation, max_pool,
               conv2d: {filters: 16, kernel: 3, padding: same}, batch_norm, activation, flatten, output]
"""

TUNING = (
    Case("digits_adam", DIGITS + mlp(64) + training(15)),
    Case(
        "digits_batch_norm",
        DIGITS + "architecture: [dense: 128, batch_norm, activation, dropout: 0.2, dense: 64, batch_norm, "
        "activation, output]\n"
        + "regularization: {l2: 1e-4}\nschedule: {cosine: {warmup_epochs: 2}}\n"
        + training(20, ", batch_size: 64, early_stopping: {patience: 10}, clip_norm: 5.0"),
    ),
    Case("digits_sgd", DIGITS + mlp(32) + "optimizer: {sgd: {lr: 0.1}}\n" + training(20)),
    Case(
        "digits_leaky_momentum",
        DIGITS
        + mlp(48, more=", dropout: 0.1")
        + "activation: {leaky_relu: {slope: 0.1}}\noptimizer: {momentum: {lr: 0.02}}\n"
        + "schedule: {exponential: {base: 0.95}}\n"
        + training(15),
    ),
    Case(
        "softmax_zeros",
        "data: {source: digits, normalize: min_max}\narchitecture: softmax_classifier\ninit: zeros\n"
        "optimizer: {sgd: {lr: 0.5}}\nschedule: {inverse_time: {decay: 0.02}}\n" + training(40),
    ),
    Case("moons_tanh", MOONS + mlp(16, 16) + "activation: tanh\noptimizer: {adam: {lr: 1e-2}}\n" + training(40)),
    Case(
        "circles_rmsprop",
        CIRCLES + mlp(24) + "optimizer: {rmsprop: {lr: 5e-3}}\nschedule: {linear: {}}\n" + training(40),
    ),
    Case(
        "spirals_nesterov",
        SPIRALS + mlp(32, 32) + "activation: tanh\n"
        "init: xavier\n"
        "optimizer: {nesterov: {lr: 0.05}}\n"
        "schedule: {step: {every: 40, factor: 0.3}}\n" + training(80),
    ),
    Case(
        "sine_elu",
        SINE
        + mlp(24, 24)
        + "activation: elu\noptimizer: {adamw: {lr: 5e-3}}\nschedule: {cosine: {warmup_epochs: 5}}\n"
        + training(80, ", dtype: float64"),
    ),
    Case(
        "teacher_tanh",
        TEACHER + mlp(16) + "activation: tanh\noptimizer: {adam: {lr: 1e-2}}\nschedule: cosine\n" + training(60),
    ),
    Case(
        "line_sgd",
        "data: {source: {line: {examples: 200}}}\narchitecture: linear_regression\noptimizer: {sgd: {lr: 0.2}}\n"
        + training(30, ", batch_size: 20"),
    ),
    Case(
        "deep_batch_norm",
        DIGITS
        + mlp(*[48] * 8, more=", batch_norm: true")
        + "optimizer: {adam: {lr: 3e-3}}\nschedule: cosine\n"
        + training(15),
    ),
    Case(
        "selu_deep",
        DIGITS
        + deep(8, 48)
        + "activation: selu\ninit: lecun\noptimizer: {adamw: {lr: 5e-4}}\n"
        + training(15, ", batch_size: 64, clip_norm: 1.0"),
    ),
    Case(
        "conv",
        IMAGES + CONVOLUTIONS + "optimizer: {adam: {lr: 5e-3}}\nschedule: cosine\n" + training(4, ", batch_size: 64"),
    ),
    Case(
        "multi_task", TASKS + "optimizer: {adam: {lr: 3e-3}}\nschedule: {linear: {warmup_epochs: 1}}\n" + training(20)
    ),
    Case(
        "full_batch_lbfgs",
        SINE
        + mlp(16)
        + "activation: mish\nloss: log_cosh\noptimizer: {lbfgs: {iterations: 20}}\n"
        + training(20, ", batch_size: full, dtype: float64"),
    ),
    Case(
        "batch_of_one",
        "data: {source: {blobs: {examples: 400, classes: 2, spread: 0.5}}}\n"
        "architecture: [output]\n"
        "optimizer: {sgd: {lr: 0.01}}\n" + training(8, ", batch_size: 1"),
    ),
    Case(
        "overlapping",
        "data: {source: {gaussians: {examples: 1200, separation: 2.5}}}\n"
        + mlp(16)
        + "optimizer: {adam: {lr: 5e-3}}\n"
        + training(20),
        (),
        0.2,
    ),
    Case(
        "svm",
        "data: {source: digits, normalize: min_max}\n"
        "architecture: [output]\n"
        "init: zeros\n"
        "loss: {squared_hinge: {margin: 1.0}}\n"
        "regularization: {l2: 1e-4}\n"
        "optimizer: {ema_momentum: {lr: 0.02}}\n"
        "schedule: {piecewise: {boundaries: [20, 30], values: [1, 0.3, 0.1]}}\n" + training(40),
    ),
    Case(
        "xor_gelu",
        "data: {source: {xor: {examples: 500, noise: 0.2}}}\n"
        + mlp(16)
        + "activation: gelu\noptimizer: {adagrad: {lr: 0.1}}\n"
        + training(30),
    ),
)

HELD_OUT = (
    Case(
        "digits_two_layers",
        DIGITS + mlp(64, 32) + "optimizer: {adamw: {lr: 2e-3}}\nschedule: cosine\n" + training(12, ", batch_size: 64"),
    ),
    Case(
        "digits_lion",
        DIGITS + "architecture: [dense: 64, layer_norm, gelu, residual: {units: 64, activation: hard_tanh}, "
        "layer_norm, output]\n"
        "optimizer: {lion: {lr: 1e-3, decay: 0.1}}\n"
        "schedule: {polynomial: {power: 2.0, warmup_epochs: 1}}\n" + training(15, ", batch_size: 64"),
    ),
    Case(
        "digits_maxout",
        "data: {source: digits, normalize: min_max}\n"
        "architecture: [classic_dropout: 0.1, maxout: {units: 32, pieces: 4}, classic_dropout: 0.2, "
        "output]\n"
        "init: {normal: {std: 0.1}}\n"
        "regularization: {max_norm: 3.0}\n"
        "optimizer: {momentum: {lr: 0.05}}\n"
        "schedule: {plateau: {patience: 4, factor: 0.3}}\n" + training(20),
    ),
    Case(
        "digits_sigmoid",
        DIGITS + mlp(48) + "activation: sigmoid\ninit: xavier\noptimizer: {adam: {lr: 5e-3}}\n" + training(15),
    ),
    Case(
        "digits_binary",
        "data: {source: digits, targets: {membership: [[0, 2, 4, 6, 8], [5, 6, 7, 8, 9]]}}\n"
        + mlp(48)
        + "optimizer: {adam: {lr: 3e-3}}\n"
        + training(15),
    ),
    Case(
        "digits_mixup",
        "data: {source: digits, augment: [noise: 0.1, mixup: 0.2]}\n"
        + mlp(64, 64, more=", batch_norm: true")
        + "optimizer: {adam: {lr: 3e-3}}\nschedule: cosine\n"
        + training(15),
    ),
    Case(
        "digits_hinge_orthogonal",
        DIGITS + deep(5, 64) + "activation: tanh\n"
        "init: {orthogonal: {gain: 1.1}}\n"
        "loss: {hinge: {margin: 1.0}}\n"
        "optimizer: {nadam: {lr: 1e-3}}\n"
        "schedule: {one_cycle: {rise: 0.3}}\n" + training(15, ", batch_size: 64, clip_norm: 5.0"),
    ),
    Case("digits_never", DIGITS + mlp(64) + "diagnostics: {every: never}\n" + training(12)),
    Case(
        "autoencoder",
        "data: {source: digits, targets: inputs, normalize: min_max}\n"
        "architecture: {autoencoder: {hidden: [48]}}\n"
        "activation: elu\n"
        "optimizer: {adam: {lr: 5e-3}}\n"
        "schedule: {cosine: {warmup_epochs: 1}}\n" + training(30),
        (),
        0.05,
    ),
    Case("moons_sgd", MOONS + mlp(32) + "optimizer: {sgd: {lr: 0.5}}\nschedule: {inverse_sqrt: {}}\n" + training(40)),
    Case(
        "blobs_newton",
        "data: {source: {blobs: {examples: 400, spread: 0.5}}}\n"
        "architecture: [output]\n"
        "init: zeros\n"
        "regularization: {l2: 1e-3}\n"
        "optimizer: {newton: {damping: 0.1}}\n" + training(10, ", batch_size: full, dtype: float64"),
    ),
    Case(
        "rings_swish",
        "data: {source: {rings: {examples: 900, classes: 3}}}\n"
        + mlp(32, 32)
        + "activation: silu\noptimizer: {adam: {lr: 5e-3}}\nschedule: cosine\n"
        + training(30),
    ),
    Case(
        "residual_spirals",
        "data: {source: {spirals: {examples: 900}}}\n"
        "architecture: [dense: 24, residual_block: [dense: 24, batch_norm, activation, dense: 24], "
        "activation, output]\n"
        "optimizer: {adam: {lr: 5e-3}}\n"
        "schedule: {cosine: {warmup_epochs: 2}}\n" + training(100, ", batch_size: 45"),
    ),
    Case(
        "blobs_perceptron",
        "data: {source: {blobs: {examples: 400, classes: 2, spread: 0.5}}}\n"
        "architecture: perceptron\n"
        "init: zeros\n"
        "loss: perceptron\n"
        "optimizer: {sgd: {lr: 1.0}}\n" + training(10, ", batch_size: 1"),
    ),
    Case(
        "friedman",
        FRIEDMAN.replace("800", "3000, noise: 0.5")
        + mlp(32, 32)
        + "regularization: {l2: 1e-3}\noptimizer: {adam: {lr: 3e-3}}\nschedule: {cosine: {warmup_epochs: 2}}\n"
        + training(40),
    ),
    Case(
        "flats",
        "data: {source: {csv: {path: configs/data/flats.csv, target: rent, kind: values, fill: median, "
        "categorical: {district: [Altstadt, Hafen, Nordend, Westhang]}}}}\n"
        + mlp(32)
        + "optimizer: {adam: {lr: 0.1}}\nschedule: {cosine: {warmup_epochs: 1}}\n"
        + training(60),
        (),
        0.1,
    ),
    Case(
        "polynomial",
        "data: {source: {polynomial: {examples: 400}}}\n"
        + mlp(24, 24)
        + "activation: tanh\noptimizer: {adam: {lr: 2e-2}}\nschedule: cosine\n"
        + training(60, ", batch_size: 16"),
    ),
    Case(
        "huber",
        "data: {source: {sine: {examples: 600, noise: 0.2}}}\n" + mlp(32) + "activation: tanh\n"
        "loss: {huber: {delta: 0.5}}\n"
        "optimizer: {rmsprop: {lr: 3e-3}}\n"
        "schedule: {inverse_sqrt: {}}\n" + training(60, ", early_stopping: {metric: dev_mae, patience: 20}"),
        (),
        0.08,
    ),
    Case(
        "iris",
        "data: {source: {csv: {path: configs/data/iris.csv, target: species}}, split: {train: 0.7, "
        "dev: 0.15, test: 0.15}}\n"
        + mlp(16)
        + "activation: tanh\noptimizer: {adam: {lr: 1e-2}}\n"
        + training(60, ", batch_size: 16"),
    ),
    Case(
        "lenet",
        "data: {source: {digits: {flat: false}}}\n"
        "architecture: {lenet5: {padding: 6}}\n"
        "activation: tanh\n"
        "init: xavier\n"
        "optimizer: {adam: {lr: 3e-3}}\n" + training(5),
    ),
)

FRESH = (
    Case(
        "digits_64_32_tanh",
        DIGITS
        + mlp(64, 32)
        + "activation: tanh\noptimizer: {momentum: {lr: 0.02}}\nschedule: {cosine: {warmup_epochs: 1}}\n"
        + training(15, ", clip_norm: 2.0"),
    ),
    Case("digits_amsgrad", DIGITS + mlp(96) + "optimizer: {amsgrad: {lr: 2e-3}}\n" + training(12, ", batch_size: 128")),
    Case(
        "digits_adagrad",
        DIGITS + mlp(64) + "activation: softplus\ninit: xavier\noptimizer: {adagrad: {lr: 0.05}}\n" + training(15),
    ),
    Case("digits_adadelta", DIGITS + mlp(64) + "activation: mish\noptimizer: {adadelta: {rho: 0.9}}\n" + training(15)),
    Case("digits_half_dropout", DIGITS + mlp(128, more=", dropout: 0.5") + training(20)),
    Case("digits_many_looks", DIGITS + mlp(48) + "diagnostics: {every: 0.2, examples: 100}\n" + training(12)),
    Case(
        "digits_one_cycle",
        DIGITS
        + deep(4, 48)
        + "init: he\noptimizer: {nesterov: {lr: 0.05}}\nschedule: {one_cycle: {rise: 0.3}}\n"
        + training(12),
    ),
    Case(
        "digits_full_batch", DIGITS + mlp(48) + "optimizer: {adam: {lr: 1e-2}}\n" + training(100, ", batch_size: full")
    ),
    Case("digits_batches_of_4", DIGITS + mlp(32) + "optimizer: {sgd: {lr: 0.02}}\n" + training(6, ", batch_size: 4")),
    Case(
        "digits_frozen", DIGITS + mlp(128, 32) + "optimizer: {adam: {lr: 3e-3}}\n" + training(12, ", freeze: [dense_1]")
    ),
    Case(
        "digits_global_pool",
        "data: {source: {digits: {flat: false}}, normalize: per_channel}\n"
        "architecture: [conv2d: {filters: 16, kernel: 3, padding: same}, group_norm: {groups: 4}, "
        "activation, max_pool, conv2d: {filters: 32, kernel: 3, padding: same}, "
        "group_norm: {groups: 4}, activation, global_average_pool, output]\n"
        "init: lsuv\n"
        "optimizer: {adam: {lr: 1e-2}}\n" + training(5),
    ),
    Case(
        "rings_leaky",
        "data: {source: {rings: {examples: 1200, classes: 4}}}\n"
        + mlp(32, 32)
        + "activation: leaky_relu\noptimizer: {adam: {lr: 5e-3}}\nschedule: cosine\n"
        + training(30, ", batch_size: 40"),
    ),
    Case(
        "moons_small_data",
        "data: {source: {moons: {examples: 150, noise: 0.08}}, split: {train: 100, dev: 50, test: 0}}\n"
        + mlp(16)
        + "optimizer: {adam: {lr: 2e-2}}\n"
        + training(80, ", batch_size: 20"),
    ),
    Case(
        "circles_long",
        CIRCLES + mlp(16) + "optimizer: {adam: {lr: 1e-2}}\nregularization: {l2: 1e-3}\n" + training(80),
        (),
        0.01,
    ),
    Case(
        "xor_sigmoid",
        "data: {source: {xor: {examples: 400, noise: 0.1}}, normalize: none}\n"
        "architecture: [dense: 8, activation, output, sigmoid]\n"
        "activation: sigmoid\n"
        "init: {uniform: {limit: 1.0}}\n"
        "loss: squared_error\n"
        "optimizer: {adagrad: {lr: 0.3}}\n" + training(60, ", batch_size: 16"),
    ),
    Case(
        "gaussians_stopped",
        "data: {source: {gaussians: {examples: 900, separation: 5}}}\n"
        + mlp(64, 64)
        + training(40, ", early_stopping: {patience: 5}"),
        (),
        0.13,
    ),
    Case(
        "linear_plane",
        "data: {source: {polynomial: {coefficients: [1, 2], examples: 300, noise: 0.1}}, "
        "normalize: center}\n"
        "architecture: linear_regression\n"
        "optimizer: {ema_momentum: {lr: 0.3}}\n" + training(30),
    ),
    Case(
        "teacher_values",
        "data: {source: {teacher: {hidden: [8], features: 6, outputs: 3, examples: 1500}}}\n"
        + mlp(32)
        + "activation: tanh\nloss: absolute_error\noptimizer: {adam: {lr: 1e-2}}\nschedule: cosine\n"
        + training(40),
    ),
    Case(
        "teacher_classes",
        "data: {source: {teacher_classes: {hidden: [8], features: 4, examples: 2000}}}\n"
        + mlp(32)
        + "activation: tanh\noptimizer: {adam: {lr: 1e-2}}\nschedule: cosine\n"
        + training(40),
        (),
        0.02,
    ),
    Case(
        "several_tasks",
        "data: {source: digits, targets: {tasks: {digit: given, pixels: inputs}}, normalize: min_max}\n"
        "architecture: [dense: 64, activation, {heads: {digit: [output], pixels: [output]}}]\n"
        "loss: {tasks: {digit: {loss: cross_entropy}, pixels: {loss: squared_error, weight: 1.0}}}\n"
        "activation: elu\n"
        "optimizer: {adam: {lr: 5e-3}}\n" + training(30),
        (),
        0.05,
    ),
)
