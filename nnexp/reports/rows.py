"""What a report knows of a run, and of the variant that it is of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nnexp.reports.layer_lists import get_component_name

NETWORK_KIND = "network"

ENSEMBLE_KIND = "ensemble"
"""The kind of an ensemble begins so; how many runs it averages follows."""

PART_NAMES = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class VariantConfiguration:
    """What the runs of one variant have in common, which differ in seed, fold or member alone.

    kind: network, the name of a baseline, or such as `ensemble of 5`. folds: of their cross-validation, 0 without one.
    """

    key: str = field(repr=False)
    kind: str
    spec: Mapping[str, Any] = field(compare=False, repr=False)
    folds: int = 0

    @property
    def is_baseline(self) -> bool:
        """Whether nothing is drawn at random, so that every seed would give the same."""
        return "baseline" in self.spec


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as it stands; it need not have begun.

    group: the seed of the ensemble that it is a member of, otherwise its own. data: the fingerprint of the data set,
    files: the hash of its files, both empty where they are not known. seconds: the time that it took so far.
    """

    run: str
    path: Path
    configuration: VariantConfiguration
    state: str
    seed: int
    group: int
    fold: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    epochs: int = 0
    best_epoch: int | None = None
    seconds: float = 0.0
    data: str = ""
    files: str = ""
    error: str = ""
    members: tuple[str, ...] = ()
    """The runs that an ensemble is made of."""


def make_configuration(plain: Mapping[str, Any], ensemble: str = "") -> tuple[VariantConfiguration, int | None]:
    """The variant and the fold of a resolved spec. `ensemble`: the members that are averaged, in words.

    >>> make_configuration({"name": "a", "seed": 3, "data": {"split": {}}, "activation": "relu"})[0].spec["activation"]
    'relu'
    """
    spec = {key: value for key, value in plain.items() if key != "seed"}
    split = dict(spec["data"]["split"])
    folded = split.get("k_fold") or {}
    # Folds and resamples are repetitions of a variant, as seeds are: their numbers leave the spec, as the seed does.
    if folded:
        split["k_fold"] = {"folds": folded["folds"]}
    if split.get("bootstrap") is not None:
        split["bootstrap"] = True
    spec["data"] = {**spec["data"], "split": split}
    baseline = spec.get("baseline")
    kind = ensemble or NETWORK_KIND
    if baseline is not None and not ensemble:
        kind = get_component_name(baseline)
    key = json.dumps([kind, spec], sort_keys=True)
    return VariantConfiguration(key, kind, spec, int(folded.get("folds", 0))), folded.get("fold")
