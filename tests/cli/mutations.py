"""Good specs made wrong by one change: the old words, the new, then where and what is said, and how to mend it."""

from __future__ import annotations

from nnexp import registry

BASE = """\
name: base
seed: 0
data:
  source: digits
  split: {train: 0.8, dev: 0.1, test: 0.1}
  normalize: standard
architecture:
  - dense: {units: 8}
  - batch_norm
  - activation
  - dropout: {rate: 0.2}
  - output
activation: relu
init: he
loss: cross_entropy
regularization: {l2: 1e-4}
optimizer: {adam: {lr: 1e-3}}
schedule: {cosine: {warmup_epochs: 2}}
training:
  epochs: 40
  batch_size: 64
  early_stopping: {patience: 10}
  clip_norm: 5.0
"""
ARCHITECTURE = BASE[BASE.index("architecture:") : BASE.index("activation: relu")]
IMAGES = BASE[BASE.index("  source:") : BASE.index("  - output")]
PICTURES = """\
  source: {digits: {flat: false}}
  split: {train: 0.8, dev: 0.1, test: 0.1}
  normalize: standard
architecture:
"""
DATA = BASE[BASE.index("data:") : BASE.index("architecture:")]


NAMES = [
    ("seed: 0", "sede: 0", "2:1", "sede: unknown key 'sede'", "did you mean 'seed'?"),
    ("epochs: 40", "epoch: 40", "20:3", "training.epoch: unknown key 'epoch'", "did you mean 'epochs'?"),
    ("normalize", "normalise", "6:3", "data.normalise: unknown key 'normalise'", "did you mean 'normalize'?"),
    ("{lr: 1e-3}", "{lrate: 1e-3}", "17:20", "unknown key 'lrate'", "did you mean 'lr'?"),
    ("{lr: 1e-3}", "{Lr: 1e-3}", "17:20", "optimizer.adam.Lr: unknown key 'Lr'", "did you mean 'lr'?"),
    ("train: 0.8", "trian: 0.8", "5:11", "data.split.trian: unknown key 'trian'", "did you mean 'train'?"),
    ("{units: 8}", "{unit: 8}", "8:13", "architecture.0.dense.unit: unknown key 'unit'", "did you mean 'units'?"),
    ("{patience: 10}", "{patience: 10, min_delt: 0}", "22:34", "unknown key 'min_delt'", "did you mean 'min_delta'?"),
    ("{patience: 10}", "{patiance: 10}", "22:20", "unknown key 'patiance'", "did you mean 'patience'?"),
    ("source: digits", "source: {digits: {x: 1}}", "4:21", "unknown key 'x'", "known: flat"),
    ("source: digits", "source: digit", "4:11", "data.source: unknown data source 'digit'", "did you mean 'digits'?"),
    (
        "normalize: standard",
        "normalize: standart",
        "6:14",
        "unknown normalization 'standart'",
        "did you mean 'standard'?",
    ),
    ("- dropout", "- dropuot", "11:5", "architecture.3: unknown layer 'dropuot'", "did you mean 'dropout'?"),
    ("activation: relu", "activation: rellu", "13:13", "unknown activation 'rellu'", "did you mean 'relu'?"),
    ("init: he", "init: hee", "14:7", "init: unknown initializer 'hee'", "did you mean 'he'?"),
    (
        "loss: cross_entropy",
        "loss: crossentropy",
        "15:7",
        "unknown loss 'crossentropy'",
        "did you mean 'cross_entropy'?",
    ),
    ("{l2: 1e-4}", "{l3: 1e-4}", "16:18", "regularization: unknown penalty 'l3'", "known: l1, l2, max_norm"),
    ("{adam: {lr: 1e-3}}", "Adam", "17:12", "optimizer: unknown optimizer 'Adam'", "did you mean 'adam'?"),
    (
        "{adam: {lr: 1e-3}}",
        "zzz",
        "17:12",
        "unknown optimizer 'zzz'",
        f"known: {', '.join(registry.optimizers)}",
    ),
    ("{cosine: {warmup_epochs: 2}}", "cosin", "18:11", "schedule: unknown schedule 'cosin'", "did you mean 'cosine'?"),
    (ARCHITECTURE, "architecture: {mpl: {hidden: [3]}}\n", "7:16", "unknown architecture 'mpl'", "did you mean 'mlp'?"),
    ("activation: relu", "activation: dense", "13:13", "activation: unknown activation 'dense'", "dense is a layer"),
    (ARCHITECTURE, "architecture: vg\n", "7:15", "unknown architecture 'vg'", "did you mean 'vgg'?"),
    (ARCHITECTURE, "architecture: {two_layer: {embedding: gatd}}\n", "7:39", "'gatd'", "did you mean 'gated'?"),
    ("- batch_norm", "- mlp", "9:5", "architecture.1: unknown layer 'mlp'", "mlp is an architecture"),
]
"""A key or component that is not known."""

TYPES = [
    ("seed: 0", "seed: 1.5", "2:7", "seed: expected a whole number ≥ 0, found 1.5"),
    ("seed: 0", "seed: true", "2:7", "seed: expected a whole number ≥ 0, found true"),
    ("seed: 0", "seed:", "2:6", "seed: expected a whole number ≥ 0, found nothing"),
    ("seed: 0", "seed: 1e3", "2:7", "expected a whole number ≥ 0, found", "write 1000, without a point or an exponent"),
    ("seed: 0", "seed: '0'", "2:7", "seed: expected a whole number ≥ 0, found '0'", "leave the quotes out"),
    ("seed: 0", "seed: [0]", "2:7", "seed: expected a whole number ≥ 0, found a list"),
    ("seed: 0", "seed: {a: 0}", "2:7", "seed: expected a whole number ≥ 0, found a mapping"),
    ("lr: 1e-3", "lr: '1e-3'", "17:24", "expected a number > 0, found '1e-3'", "leave the quotes out"),
    ("lr: 1e-3", "lr: nan", "17:24", "optimizer.adam.lr: expected a number > 0, found 'nan'"),
    ("lr: 1e-3", "lr: .nan", "17:24", "optimizer.adam.lr: expected a number > 0, found .nan"),
    ("lr: 1e-3", "lr: .inf", "17:24", "optimizer.adam.lr: expected a number > 0, found .inf"),
    ("lr: 1e-3", "lr: 1e999", "17:24", "optimizer.adam.lr: expected a number > 0, found 1e999"),
    ("rate: 0.2", "rate: 20%", "11:21", "expected a number ≥ 0 and < 1,", "write a fraction, such as 0.2 for 20 %"),
    ("clip_norm: 5.0", "clip_norm: 5,0", "23:14", "expected a number > 0, found '5,0'", "write 5.0, with a point"),
    (
        "{units: 8}",
        "{units: 8, bias: yes}",
        "8:29",
        "expected true or false, found 'yes'",
        "write true or false: yes, no, on and off are texts here",
    ),
    (
        "{patience: 10}",
        "{patience: 10, restore_best: off}",
        "22:48",
        "expected true or false, found 'off'",
        "write true or false: yes, no, on and off are texts here",
    ),
    ("batch_size: 64", "batch_size: ful", "21:15", "expected a whole number ≥ 1 or full,", "did you mean 'full'?"),
    ("clip_norm: 5.0", "dtype: float16", "23:10", "expected one of float32, float64, found", "did you mean 'float64'?"),
    ("init: he", "init: {he: {fan: inn}}", "14:18", "expected one of in, out, average, found", "did you mean 'in'?"),
    ("init: he", "init: {he: {fan: 3}}", "14:18", "init.he.fan: expected one of in, out, average, found 3"),
    ("name: base", "name: 3", "1:7", "expected a text of one line, not blank,", "write '3' in quotes if it is meant"),
    ("name: base", "name: ''", "1:7", "name: expected a text of one line, not blank, found ''"),
    ("name: base", "name: '  '", "1:7", "name: expected a text of one line, not blank, found '  '"),
    ("name: base", 'name: "a\\nb"', "1:7", "name: expected a text of one line, not blank, found 'a\\nb'"),
    ("name: base", "name:", "1:6", "name: expected a text of one line, not blank, found nothing"),
]
"""A value of the wrong type."""

BOUNDS = [
    ("seed: 0", "seed: -1", "2:7", "seed: expected a whole number ≥ 0, found -1"),
    ("epochs: 40", "epochs: -40", "20:11", "training.epochs: expected a whole number ≥ 1, found -40"),
    ("batch_size: 64", "batch_size: 0", "21:15", "training.batch_size: expected a whole number ≥ 1 or full, found 0"),
    ("lr: 1e-3", "lr: 0", "17:24", "optimizer.adam.lr: expected a number > 0, found 0"),
    ("l2: 1e-4", "l2: -1e-4", "16:22", "regularization.l2.strength: expected a number ≥ 0, found -1e-4"),
    ("rate: 0.2", "rate: 1", "11:21", "architecture.3.dropout.rate: expected a number ≥ 0 and < 1, found 1"),
    ("rate: 0.2", "rate: -0.2", "11:21", "architecture.3.dropout.rate: expected a number ≥ 0 and < 1, found -0.2"),
    ("clip_norm: 5.0", "threads: 2000", "23:12", "expected a whole number ≥ 1 and ≤ 1024, found 2000"),
    ("patience: 10", "patience: 0", "22:30", "training.early_stopping.patience: expected a whole number ≥ 1, found 0"),
    ("dense: {units: 8}", "softmax_gated: 1", "8:20", "softmax_gated.units: expected a whole number ≥ 2, found 1"),
    (ARCHITECTURE, "architecture: {autoencoder: []}\n", "7:29", "autoencoder.hidden: expected a list"),
    (ARCHITECTURE, "architecture: {vgg: {depth: 12}}\n", "7:29", "expected one of 11, 13, 16, 19, found 12"),
    (ARCHITECTURE, "architecture: {vgg: {width: 0}}\n", "7:29", "vgg.width: expected a number > 0, found 0"),
    ("source: digits", "source: {blobs: {classes: 1}}", "4:29", "expected a whole number ≥ 2, found 1"),
]
"""A value out of its bounds."""

MISSING = [
    (DATA, "", "1:1", "needs `data`, a mapping", "write `data: ...`"),
    (ARCHITECTURE, "", "1:1", "needs `architecture`, a list of layers", "write `architecture: ...`"),
    ("  source: digits\n", "", "4:3", "data: needs `source`, a data source", "write `source: ...`"),
    ("dense: {units: 8}", "dense", "8:5", "needs `units`, a whole number ≥ 1", "write `dense: {units: ...}`"),
    ("{adam: {lr: 1e-3}}", "sgd", "17:12", "optimizer.sgd: needs `lr`, a number > 0", "write `sgd: {lr: ...}`"),
    ("{patience: 10}", "{}", "22:19", "needs `patience`, a whole number ≥ 1", "write `patience: ...`"),
    ("{l2: 1e-4}", "{l2: }", "16:18", "needs `strength`, a number ≥ 0", "write `l2: {strength: ...}`"),
]
"""A key that has no default."""

STRUCTURE = [
    (
        "training:\n  epochs: 40\n",
        "training:\n  - epochs: 40\n#",
        "22:3",
        "this line does not continue those above it",
        "indent the lines of one mapping or list alike",
    ),
    ("split: {train: 0.8, dev: 0.1, test: 0.1}", "split: [0.8, 0.1, 0.1]", "5:10", "expected a mapping with the keys"),
    ("early_stopping: {patience: 10}", "early_stopping: 10", "22:19", "expected a mapping with the keys patience,"),
    ("{l2: 1e-4}", "[l2]", "16:17", "expected a mapping `penalty: strength`, found a list", "for example {l2: 1e-4}"),
    ("{l2: 1e-4}", "l2", "16:17", "expected a mapping `penalty: strength`, found 'l2'", "for example {l2: 1e-4}"),
    (
        ARCHITECTURE,
        "architecture: {dense: {units: 8}}\n",
        "7:15",
        "expected a list of layers, found a mapping",
        "begin each layer with `- ` on a line of its own",
    ),
    (ARCHITECTURE, "architecture: 3\n", "7:15", "expected a list", "begin each layer with `- ` on a line of its own"),
    (ARCHITECTURE, "architecture:\n", "7:14", "expected a list of", "begin each layer with `- ` on a line of its own"),
    (ARCHITECTURE, "architecture: {}\n", "7:15", "expected a list", "begin each layer with `- ` on a line of its own"),
    ("{adam: {lr: 1e-3}}", "[adam]", "17:12", "expected one optimizer, `name` or `name: {parameters}`, found a list"),
    ("{adam: {lr: 1e-3}}", "{adam: [1e-3]}", "17:19", "optimizer.adam.lr: expected a number > 0, found a list"),
    ("{adam: {lr: 1e-3}}", "{adam: {lr: 1e-3}, sgd: {lr: 1}}", "17:31", "expected one optimizer,", "keep one of them"),
    ("{adam: {lr: 1e-3}}", "{name: adam, lr: 1e-3}", "17:25", "expected one optimizer,", "write `adam: {lr: ...}`"),
    ("{adam: {lr: 1e-3}}", "null", "17:12", "expected one optimizer, `name` or `name: {parameters}`, found nothing"),
    ("normalize: standard", "normalize: null", "6:14", "expected one normalization, `name` or `name: {parameters}`,"),
    (
        "- dense: {units: 8}",
        "- dense:\n    units: 8",
        "9:5",
        "expected one layer, `name` or `name: {parameters}`, found dense and units",
        "indent units further, as parameters of dense",
    ),
    (
        "- batch_norm",
        "- residual_block: mlp",
        "9:21",
        "architecture.1.residual_block.layers: mlp is a whole network with its `output`;",
        "list the layers, for example [dense: 8, relu]",
    ),
    (
        "- batch_norm",
        "- parallel: [{mlp: {hidden: [8]}}, [dense: 8]]",
        "9:17",
        "architecture.1.parallel.branches.0: mlp is a whole network with its `output`;",
        "list the layers, for example [dense: 8, relu]",
    ),
    (
        "- batch_norm",
        "- residual_block: relu",
        "9:21",
        "architecture.1.residual_block.layers: expected a list of layers, found 'relu'",
        "list the layers, for example [dense: 8, relu]",
    ),
    ("- batch_norm", "- [batch_norm]", "9:5", "expected one layer, `name` or `name: {parameters}`, found a list"),
    ("- batch_norm", "-", "9:4", "architecture.1: expected one layer, `name` or `name: {parameters}`, found nothing"),
    (ARCHITECTURE, "architecture: {mlp: {hidden: 3}}\n", "7:30", "expected a list, each entry a whole", "write [3]"),
    (ARCHITECTURE, "architecture: {mlp: {hidden: [3, 0]}}\n", "7:34", "expected a whole number ≥ 1, found 0"),
    (ARCHITECTURE, "architecture: {mlp: {hidden: [3], dropout: 1}}\n", "7:44", "expected a number ≥ 0 and < 1, found"),
    (ARCHITECTURE, "architecture: {mlp: {hiden: [3]}}\n", "7:22", "unknown key 'hiden'", "did you mean 'hidden'?"),
]
"""A mapping, list or word in the place of another."""

SCALARS = [
    ("seed: 0", "seed: 010", "2:7", "seed: 010 begins with a zero", "write 10, or '010' in quotes if it is a text"),
    ("seed: 0", "seed: 0\nseed: 1", "3:1", "seed: given twice, first on line 2"),
    ("seed: 0", "seed: 1_000", "2:7", "seed: expected a whole number ≥ 0, found '1_000'"),
    ("seed: 0", "seed: 0x10", "2:7", "seed: expected a whole number ≥ 0, found '0x10'"),
    ("seed: 0", "seed: !!int 0", "2:7", "seed: tags (words that begin with !) are not allowed"),
    ("seed: 0", "seed: 99999999999999999999999999999999999999999", "2:7", "a whole number of 41 digits; at most 40"),
    ("epochs: 40", "epochs: 1:30", "20:11", "training.epochs: expected a whole number ≥ 1, found '1:30'"),
]
"""What YAML allows elsewhere and a spec does not."""

MEANING = [
    ("- output", "- activation", "12:5", "the network ends with 8 numbers,", "end the architecture with `- output`"),
    (ARCHITECTURE, "architecture: []\n", "7:15", "there are no layers", "end the architecture with `- output`"),
    (ARCHITECTURE, "architecture: [relu]\n", "7:16", "the network ends with", "end the architecture with `- output`"),
    (
        ARCHITECTURE,
        "architecture: [{dense: 3}, output, relu, output]\n",
        "7:28",
        "only one `output` is allowed, at the end",
        "write `dense: {units: ...}` here",
    ),
    ("- output", "- output\n  - softmax", "13:5", "cross_entropy takes logits and", "leave this last activation out"),
    (
        "source: digits",
        "source: sine",
        "15:7",
        "cross_entropy does not fit sine, whose",
        "losses that fit: absolute_error, huber, log_cosh, squared_error",
    ),
    ("units: 8", "units: 900000000000", "8:3", "training needs about", "make the layers or the batch smaller"),
    ("source: digits", "source: {moons: {examples: 9000000000000}}", "4:11", "data.source: the data set needs about"),
    ("source: digits", "source: {blobs: {classes: 9000000000000}}", "4:11", "data.source: the data set needs about"),
    ("patience: 10", "patience: 10, metric: dev_los", "22:42", "there is no metric", "did you mean 'dev_loss'?"),
    (
        "patience: 10",
        "patience: 10, metric: dev_rmse",
        "22:42",
        "there is no metric",
        (
            "known: dev_loss, dev_accuracy, dev_average_precision, dev_balanced_accuracy, dev_calibration_error, "
            "dev_log_loss, dev_macro_f1, dev_roc_auc"
        ),
    ),
    (
        "train: 0.8, dev: 0.1, test: 0.1",
        "train: 0.8, dev: 0, test: 0.2",
        "22:19",
        "early stopping needs a dev part, and data.split gives it no examples",
        "write `early_stopping: null`, or give dev some examples",
    ),
    (
        "cosine: {warmup_epochs: 2}",
        "piecewise: {boundaries: [9, 9], values: [1, 0.1, 0.01]}",
        "18:40",
        "schedule.piecewise.boundaries.1: boundaries must increase, and 9 follows 9",
    ),
    (
        "cosine: {warmup_epochs: 2}",
        "piecewise: {boundaries: [9], values: [1]}",
        "18:49",
        "schedule.piecewise.values: expected 2 values, one more than there are boundaries, found 1",
        "the first value is for the epochs before the first boundary",
    ),
    (
        "warmup_epochs: 2",
        "warmup_epochs: 40",
        "18:36",
        "the warm-up must be shorter than the training of 40 epochs",
        "make it shorter, or raise training.epochs",
    ),
    ("train: 0.8", "train: 0.7", "5:10", "the fractions sum to 0.9, not to", "asked for: train 0.7, dev 0.1, test 0.1"),
    (
        "train: 0.8",
        "train: 80.0",
        "5:18",
        "expected a fraction of all examples, 1 at most, found 80",
        "write a number of examples without a point",
    ),
    ("train: 0.8", "train: 1800", "5:10", "1800 + 180 + 180 examples are", "asked for: train 1800, dev 0.1, test 0.1"),
    (
        "train: 0.8",
        "train: 1",
        "21:15",
        "a batch of 64 is larger than the training part, which has 1 example",
        "data.split.train: 1 means one example; a fraction is written with a point",
    ),
    (
        "train: 0.8, dev: 0.1, test: 0.1",
        "train: 0.8, dev: 0.0001, test: 0.1999",
        "5:10",
        "dev would get none of the 1797 examples",
        "asked for: train 0.8, dev 0.0001, test 0.1999",
    ),
    (
        "train: 0.8, dev: 0.1, test: 0.1",
        "train: 0.0, dev: 0.5, test: 0.5",
        "5:10",
        "train would get none of the 1797 examples",
        "asked for: train 0.0, dev 0.5, test 0.5",
    ),
    (
        "source: digits",
        "source: {digits: {flat: false}}",
        "8:5",
        "architecture.0: dense takes flat inputs, but these are 8 x 8 x 1: write `flatten` before it",
    ),
    (
        "- dropout: {rate: 0.2}",
        "- conv2d: {filters: 2, kernel: 3}",
        "11:5",
        "architecture.3: conv2d takes images of height x width x channels, but these are 8",
    ),
    (
        IMAGES,
        f"{PICTURES}  - conv2d: {{filters: 2, kernel: 9}}\n  - flatten\n",
        "8:5",
        "architecture.0: conv2d: a window of 9 x 9 is larger than an image of 8 x 8",
    ),
    (
        IMAGES,
        f"{PICTURES}  - relu\n  - conv2d: {{filters: 2, kernel: 3, stride: 2}}\n  - flatten\n",
        "9:5",
        "architecture.1: conv2d: a window of 3 x 3 moving by 2 does not end at the edge of an image of 8 x 8",
    ),
    (
        IMAGES,
        f"{PICTURES}  - max_pool: 3\n  - flatten\n",
        "8:5",
        "architecture.0: max_pool: a window of 3 x 3 moving by 3 does not end at the edge of an image of 8 x 8",
    ),
    (
        "- dropout: {rate: 0.2}",
        "- parallel: [[flatten]]",
        "11:5",
        "architecture.3: parallel takes at least two branches",
    ),
    (
        "- dropout: {rate: 0.2}",
        "- product: [[dense: 3], [dense: 4]]",
        "11:5",
        "architecture.3: the branches give 3 and 4, which cannot be multiplied: make them equal",
    ),
    (
        "- dropout: {rate: 0.2}",
        "- residual_block: [dense: 3]",
        "11:5",
        "architecture.3: the block turns 8 into 3, which cannot be added: write `projected: true`",
    ),
    (
        IMAGES,
        f"{PICTURES}  - residual_block: [conv2d: {{filters: 2, kernel: 3}}]\n  - flatten\n",
        "8:5",
        "the block turns 8 x 8 x 1 into 6 x 6 x 2, which cannot be added: its layers must keep the shape",
    ),
    (
        IMAGES,
        f"{PICTURES}  - parallel: [[conv2d: {{filters: 2, kernel: 3}}], []]\n  - flatten\n",
        "8:5",
        "the branches give 6 x 6 x 2 and 8 x 8 x 1, which do not fit side by side",
    ),
    (
        ARCHITECTURE,
        "architecture: {vgg: 11}\n",
        "7:15",
        "architecture: vgg takes images of height x width x channels, but these are 64",
        "write `source: {digits: {flat: false}}`, or data.source.digits.flat=false after the spec",
    ),
    (
        f"{IMAGES}  - output\n",
        PICTURES.replace("architecture:", "architecture: {lenet5: {padding: 2}}"),
        "7:15",
        "architecture.3: conv2d_2: a window of 5 x 5 is larger than an image of 4 x 4",
    ),
    ("batch_size: 64", "batch_size: 2000", "21:15", "a batch of 2000 is larger", "write `full` for one batch an epoch"),
    (
        "batch_size: 64",
        "batch_size: 1",
        "21:15",
        "batch_norm would see a batch of one: 1,437 training examples",
        "try 3 or 5 or 6",
    ),
    ("batch_size: 64", "batch_size: 718", "21:15", "batch_norm would see a batch of one:", "try 719 or 720 or 721"),
]
"""Parts that do not fit each other."""
