"""scikit-learn's MLP on a table, prepared by hand as its documentation would: what `nnexp new` is compared with.

Numbers: the median where one is missing, standard scores. Categories: one-hot, with a level for what is missing.
Dates: the day, the month, the weekday and the hour as numbers. Identifiers, texts, constants and columns that give the
target away are left out. The dev part chooses the strength of the penalty, and whether dates are used at all, which
hurts where the test part lies after the training part; all else is the library's default.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, f1_score, r2_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.table_files import TableTruth, convert_numbers, read_entries
from nnexp.data.splits import PartName
from nnexp.typing import AnyArray, IntArray

PENALTIES = (1e-4, 1e-1, 1.0)
"""scikit-learn's default alpha, and stronger ones that small tables want."""

MAX_EPOCHS = 500

SCORES: Mapping[str, Callable[[AnyArray, AnyArray], float]] = {
    "accuracy": accuracy_score,
    "macro_f1": lambda true, predicted: f1_score(true, predicted, average="macro"),
    "r2": r2_score,
}


@dataclass(frozen=True, slots=True)
class HandMadeTable:
    """The rows of a table that have a target: features, numbers as numbers and all else as texts; the target's texts.

    feature_sets: the columns that a network may get, to choose from.
    """

    features: pd.DataFrame
    targets: pd.Series[str]
    feature_sets: tuple[list[str], ...]


def prepare_by_hand(truth: TableTruth) -> HandMadeTable:
    """Read a table as its truth says."""
    entries = read_entries(truth)
    entries = entries[entries[truth.target].notna()].reset_index(drop=True)
    features: dict[str, pd.Series[Any]] = {}
    undated: list[str] = []
    for name, kinds in truth.columns.items():
        if name in truth.drop or name == truth.group:
            continue
        made = _make_features(str(name), kinds[0], entries[name], truth)
        features.update(made)
        if kinds[0] != "date":
            undated.extend(made)
    every = list(features)
    feature_sets = (every,) if every == undated else (every, undated)
    return HandMadeTable(pd.DataFrame(features), entries[truth.target], feature_sets)


def _make_features(name: str, kind: str, column: pd.Series[str], truth: TableTruth) -> dict[str, pd.Series[Any]]:
    """What a column gives a network; nothing where it is an identifier, a text or a constant."""
    if kind == "number":
        return {name: convert_numbers(column, truth.dialect)}
    if kind in {"category", "yes/no"}:
        return {name: column.fillna("missing")}
    if kind == "date":
        return _make_date_features(name, pd.to_datetime(column, format=truth.dialect["dates"]))
    return {}


def _make_date_features(name: str, dates: pd.Series[pd.Timestamp]) -> dict[str, pd.Series[Any]]:
    days = (dates - dates.min()) / pd.Timedelta(days=1)
    return {
        f"{name} day": days,
        f"{name} month": dates.dt.month.astype(float),
        f"{name} weekday": dates.dt.weekday.astype(float),
        f"{name} hour": dates.dt.hour.astype(float),
    }


def score_mlp(table: HandMadeTable, y: AnyArray, rows: Mapping[PartName, IntArray], metric: str, seed: int) -> float:
    """The score on the test part, with the penalty and the features that are best on the dev part."""
    score = SCORES[metric]
    tried = []
    for names, penalty in product(table.feature_sets, PENALTIES):
        features = table.features[names]
        model = _build_model(features, metric, penalty, seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(features.iloc[rows["train"]], y[rows["train"]])
        dev, test = (score(y[rows[part]], model.predict(features.iloc[rows[part]])) for part in ("dev", "test"))
        tried.append((float(dev), float(test)))
    return max(tried, key=lambda scores: scores[0])[1]


def _build_model(features: pd.DataFrame, metric: str, penalty: float, seed: int) -> Any:
    is_number = [pd.api.types.is_numeric_dtype(kind) for kind in features.dtypes]
    numbers = features.columns[is_number]
    others = features.columns.difference(numbers)
    prepare = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            ("categories", OneHotEncoder(handle_unknown="ignore"), others),
        ]
    )
    if metric != "r2":
        return make_pipeline(prepare, MLPClassifier(alpha=penalty, max_iter=MAX_EPOCHS, random_state=seed))
    network = MLPRegressor(alpha=penalty, max_iter=MAX_EPOCHS, random_state=seed)
    return make_pipeline(prepare, TransformedTargetRegressor(network, transformer=StandardScaler()))
