"""A commented spec to start from."""

from __future__ import annotations

import json
from pathlib import Path

from nnexp.errors import UsageError
from nnexp.spec.schema import build_schema
from nnexp.spec.spec import Line, is_line
from nnexp.spec.validation import describe_plain_type
from nnexp.spec.yaml import format_yaml
from nnexp.storage import atomic

SCHEMA_FILE = "nnexp.schema.json"

STARTER_SPEC = """\
# yaml-language-server: $schema={schema}
# The line above lets editors complete and check this file. `nnexp list` shows all that can be named here.

{name}
seed: 0                       # varies initial weights, order and dropout; the split of the data has its own seed

data:
  source: digits              # 1,797 handwritten digits of 8 x 8 pixels; or moons, spirals, ...: nnexp list sources
  split: {{train: 0.8, dev: 0.1, test: 0.1}}
  normalize: standard         # zero mean and unit variance, fitted on the training part

architecture:                 # or in short: {{mlp: {{hidden: [64], dropout: 0.1}}}}
  - dense: {{units: 64}}
  - activation                # the activation named below
  - dropout: {{rate: 0.1}}
  - output                    # as wide as there are classes

activation: relu              # nnexp list activations
init: he                      # nnexp list initializers
loss: cross_entropy           # nnexp list losses
regularization: {{l2: 1e-4}}    # of the weights, not of the biases

optimizer: {{adam: {{lr: 1e-3}}}} # nnexp list optimizers
schedule: cosine              # of the learning rate: nnexp list schedules

training:
  epochs: 30
  batch_size: 32              # or full
  early_stopping: {{patience: 8}} # watches dev_loss and restores the best weights
"""


def format_starter(name: str) -> str:
    """The commented spec, under a name."""
    return STARTER_SPEC.format(name=format_yaml({"name": name}).strip(), schema=SCHEMA_FILE)


def write_starter(path: Path, text: str | None = None) -> Path:
    """Write a spec at `path`, the commented one without a `text`, and the schema beside it; gives the schema's path.

    Raises UsageError where the file is there already, or cannot be there, or cannot name a spec; RunError where it
    cannot be written.
    """
    if not is_line(path.stem):
        raise UsageError(f"{path.stem!r} cannot be the name of a spec, which is {describe_plain_type(Line)}")
    try:
        path.parent.stat()
        is_free = not (path.exists() or path.is_symlink())
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    schema_path = path.with_name(SCHEMA_FILE)
    starter = format_starter(path.stem) if text is None else text
    if is_free:
        # The spec comes last: with it there, the same command would not write a schema that is lacking.
        atomic.write_text(schema_path, json.dumps(build_schema(), indent=2) + "\n")
        is_free = atomic.write_new(path, starter.encode())
    if not is_free:
        raise UsageError(f"{path} exists already; choose another name")
    return schema_path
