"""Splits: disjoint, of the right sizes, stratified, and their errors."""

from __future__ import annotations

from math import floor
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nnexp.data.splits import PART_NAMES, KFold, PartName, Split, choose_evenly
from nnexp.errors import DataError
from nnexp.nn.random import make_generator


@st.composite
def splits(draw: st.DrawFn) -> tuple[Split, int]:
    """A split by counts that can be made, and the number of examples."""
    examples = draw(st.integers(1, 300))
    train = draw(st.integers(1, examples))
    dev = draw(st.integers(0, examples - train))
    test = draw(st.integers(0, examples - train - dev))
    return Split(train, dev, test, draw(st.integers(0, 9)), draw(st.booleans())), examples


def labels_of(examples: int, classes: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return make_generator(1, "data").integers(0, classes, examples)


@given(splits(), st.integers(1, 13))
def test_parts_are_disjoint_sorted_and_of_their_sizes(case: tuple[Split, int], classes: int) -> None:
    split, examples = case
    parts = split.choose_indices(examples, labels_of(examples, classes))
    assert {part: len(chosen) for part, chosen in parts.items()} == split.count_examples(examples)
    together = np.concatenate([parts[part] for part in PART_NAMES])
    assert len(np.unique(together)) == len(together)
    assert ((together >= 0) & (together < examples)).all()
    assert all((np.diff(chosen) > 0).all() for chosen in parts.values())


@given(splits(), st.integers(1, 13))
def test_every_part_takes_each_class_by_its_share_of_what_is_left_to_within_one_example(
    case: tuple[Split, int], classes: int
) -> None:
    """Test is taken from the whole, dev from what test leaves, train from what both leave."""
    split, examples = case
    assume(split.stratify)
    labels = labels_of(examples, classes)
    left = np.bincount(labels, minlength=classes)
    parts = split.choose_indices(examples, labels)
    for part in reversed(PART_NAMES):
        taken = np.bincount(labels[parts[part]], minlength=classes)
        assert (abs(taken - left * taken.sum() / max(left.sum(), 1)) < 1).all()
        left = left - taken


@given(splits(), st.integers(1, 13))
def test_no_part_is_two_examples_off_the_proportions_of_the_whole_where_all_are_used(
    case: tuple[Split, int], classes: int
) -> None:
    split, examples = case
    assume(split.stratify)
    labels = labels_of(examples, classes)
    whole = Split("rest", split.dev, split.test, split.seed)
    for chosen in whole.choose_indices(examples, labels).values():
        taken = np.bincount(labels[chosen], minlength=classes)
        assert (abs(taken - np.bincount(labels, minlength=classes) * len(chosen) / examples) < 2).all()


@given(splits(), st.lists(st.integers(1, 3), min_size=1, max_size=5))
def test_a_rare_class_has_a_training_example_wherever_it_stands(case: tuple[Split, int], rare: list[int]) -> None:
    split, examples = case
    counts = [examples + 40, *rare, examples + 40, *rare]
    labels = make_generator(3, "data").permutation(np.repeat(np.arange(len(counts)), counts))
    whole = Split("rest", 0.2, 0.2, split.seed)
    train = whole.choose_indices(len(labels), labels)["train"]
    assert len(np.unique(labels[train])) == len(counts)


def test_a_test_part_is_the_same_with_folds_where_a_class_is_rare() -> None:
    labels = np.array([0, 1] * 20 + [2])
    plain, folded = Split(dev=0.2, test=0.2), Split(test=0.2, k_fold=KFold(5, 1))
    parts = [split.choose_indices(41, labels) for split in (plain, folded)]
    assert np.array_equal(parts[0]["test"], parts[1]["test"])


def test_without_stratification_labels_do_not_matter() -> None:
    plain = Split(stratify=False)
    a, b = plain.choose_indices(101, labels_of(101, 7)), plain.choose_indices(101, None)
    assert all(np.array_equal(a[part], b[part]) for part in PART_NAMES)


def test_a_split_is_drawn_and_not_the_order_of_the_file() -> None:
    test = Split(0.8, 0.1, 0.1).choose_indices(1000, None)["test"]
    assert not np.array_equal(test, np.arange(0, 1000, 10))
    assert abs(test.mean() - 500) < 150


@given(examples=st.integers(10, 10_000), dev=st.integers(1, 40), test=st.integers(1, 40))
def test_fractions_use_every_example_once(examples: int, dev: int, test: int) -> None:
    assume(min(dev, test) * examples > 50)  # neither rounds to none
    sizes = Split(1 - dev / 100 - test / 100, dev / 100, test / 100).count_examples(examples)
    assert sum(sizes.values()) == examples
    assert sizes["dev"] == round(dev / 100 * examples)
    assert sizes["test"] == round(test / 100 * examples)


@pytest.mark.parametrize(
    ("split", "examples", "sizes"),
    [
        (Split(), 1797, (1437, 180, 180)),
        (Split(0.98, 0.01, 0.01), 1000, (980, 10, 10)),
        (Split(50, 7, 3), 101, (50, 7, 3)),
        (Split(50, 0, 0), 101, (50, 0, 0)),
        (Split(1.0, 0.0, 0.0), 101, (101, 0, 0)),
        (Split(0.5, 0, 0.5), 7, (3, 0, 4)),
        (Split(0.5, 0, 0.5), 13, (7, 0, 6)),
        (Split(1.0, 0, 0), 13, (13, 0, 0)),
        (Split(0.5, 13, 3), 101, (50, 13, 3)),
    ],
    ids=str,
)
def test_sizes_by_hand(split: Split, examples: int, sizes: tuple[int, ...]) -> None:
    assert tuple(split.count_examples(examples).values()) == sizes


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (Split(0.8, 0.1, 0.2), r"the fractions sum to 1.1, not to 1"),
        (Split(0.8, 0.1, 0), r"the fractions sum to 0.9, not to 1"),
        (Split(90, 10, 2), r"90 \+ 10 \+ 2 examples are asked for, but there are 101"),
        (Split(0, 10, 10), r"train would get none of the 101 examples"),
        (Split(0.998, 0.001, 0.001), r"dev would get none of the 101 examples"),
        (Split("rest", 100, 10), r"100 \+ 10 examples are asked for, but there are 101"),
        (Split(k_fold=KFold(5, 5)), r"there is no fold 5: 5 folds count from 0"),
        (Split(k_fold=KFold(99, 1)), r"91 examples cannot be cut into 99 folds"),
        (Split(0.5, k_fold=KFold(5)), r"leave train and dev out"),
    ],
    ids=str,
)
def test_what_cannot_be_is_said(split: Split, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        split.count_examples(101)


OWN = [
    (Split(), (90, 10, 20)),  # of the 100 that are not the set's own test part
    (Split(dev=0.2), (80, 20, 20)),
    (Split(70, 5), (70, 5, 20)),
    (Split(0.75, 0.25), (75, 25, 20)),
    (Split(test=0.5), (48, 12, 60)),  # all 120 together
    (Split(test=0), (108, 12, 0)),
    (Split(k_fold=KFold(5, 1)), (80, 20, 20)),
]


@pytest.mark.parametrize(("split", "sizes"), OWN, ids=str)
def test_a_sets_own_test_part_is_left_as_it_is_unless_another_is_asked_for(
    split: Split, sizes: tuple[int, ...]
) -> None:
    assert tuple(split.count_examples(120, 20).values()) == sizes
    parts = split.choose_indices(120, labels_of(100, 3) if split.test == "own" else labels_of(120, 3), 20)
    assert tuple(len(parts[part]) for part in PART_NAMES) == sizes
    if split.test == "own":
        assert parts["test"].tolist() == list(range(100, 120))
    assert len(np.unique(np.concatenate(list(parts.values())))) == sum(sizes)


@given(examples=st.integers(20, 200), folds=st.integers(2, 9), stratify=st.booleans())
def test_folds_are_disjoint_and_make_up_what_is_not_test(examples: int, folds: int, stratify: bool) -> None:
    labels = labels_of(examples, 3)
    splits = [Split(stratify=stratify, k_fold=KFold(folds, fold)) for fold in range(folds)]
    parts = [split.choose_indices(examples, labels) for split in splits]
    everything = np.concatenate([part["dev"] for part in parts])
    assert sorted([*everything, *parts[0]["test"]]) == list(range(examples))
    for split, part in zip(splits, parts, strict=True):
        assert {name: len(rows) for name, rows in part.items()} == split.count_examples(examples)
        assert not set(part["dev"]) & set(part["train"])
        if stratify:
            counts = np.array([np.bincount(labels[other["dev"]], minlength=3) for other in parts])
            assert (counts.max(axis=0) - counts.min(axis=0) <= 1).all()


def test_a_bootstrap_draws_as_many_with_replacement_by_its_seed() -> None:
    plain, once, again, other = (Split(bootstrap=seed).choose_indices(400, None) for seed in (None, 3, 3, 4))
    assert np.array_equal(once["train"], again["train"])
    assert not np.array_equal(once["train"], other["train"])
    assert len(once["train"]) == len(plain["train"])
    assert set(once["train"]) <= set(plain["train"])
    assert 0.58 < len(set(once["train"])) / len(plain["train"]) < 0.68  # 1 - 1/e = 0.632
    assert np.array_equal(once["dev"], plain["dev"])


@given(count=st.integers(0, 200), share=st.floats(0, 1))
def test_evenly_chooses_the_number_asked_for_with_even_gaps(count: int, share: float) -> None:
    chosen = floor(count * share)
    mask = choose_evenly(count, chosen)
    assert mask.shape == (count,)
    assert mask.sum() == chosen
    gaps = np.diff(np.flatnonzero(mask))
    assert chosen < 2 or gaps.max() - gaps.min() <= 1


def check_parts(parts: dict[PartName, Any], examples: int) -> None:
    """All examples are in one part each, in increasing order."""
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(examples))
    assert all((np.diff(chosen) > 0).all() for chosen in parts.values())


@given(examples=st.integers(10, 300), distinct=st.integers(4, 400), seed=st.integers(0, 99))
def test_by_time_dev_comes_after_train_and_test_after_dev_and_equal_times_are_not_cut(
    examples: int, distinct: int, seed: int
) -> None:
    times = make_generator(seed, "data").integers(0, distinct, examples).astype(float)
    assume(len(np.unique(times)) >= 3)
    parts = Split(0.6, 0.2, 0.2, time="t").choose_indices(examples, None, key=times)
    check_parts(parts, examples)
    assert times[parts["train"]].max() < times[parts["dev"]].min()
    assert times[parts["dev"]].max() < times[parts["test"]].min()


@given(examples=st.integers(10, 300), seed=st.integers(0, 99))
def test_by_time_sizes_are_those_that_are_asked_for_where_all_times_differ(examples: int, seed: int) -> None:
    times = make_generator(seed, "data").permutation(examples).astype(float)
    split = Split(0.6, 0.2, 0.2, time="t")
    parts = split.choose_indices(examples, None, key=times)
    assert {part: len(rows) for part, rows in parts.items()} == split.count_examples(examples)


def test_by_time_a_border_is_as_near_as_equal_times_allow() -> None:
    times = np.repeat([1.0, 2.0, 3.0, 4.0], [40, 30, 16, 14])  # test asks for 20: 14 are nearer than 30
    parts = Split(0.5, 0.3, 0.2, time="t").choose_indices(100, None, key=times)
    assert [len(parts[part]) for part in PART_NAMES] == [70, 16, 14]  # dev asks for 30: 16 are nearer than 46


def test_one_time_that_most_examples_have_leaves_times_for_dev_and_train() -> None:
    times = np.repeat([1.0, 2.0, 3.0], [98, 1, 1])
    parts = Split(0.6, 0.2, 0.2, time="t").choose_indices(100, None, key=times)
    assert [len(parts[part]) for part in PART_NAMES] == [98, 1, 1]
    with pytest.raises(DataError, match="too few different times for these parts"):
        Split(0.6, 0.2, 0.2, time="t").choose_indices(100, None, key=np.repeat([1.0, 2.0], 50))


def test_in_the_order_of_the_file_the_last_examples_are_test() -> None:
    parts = Split(0.6, 0.2, 0.2, order="file").choose_indices(10, labels_of(10, 3))
    assert [parts[part].tolist() for part in PART_NAMES] == [[0, 1, 2, 3, 4, 5], [6, 7], [8, 9]]
    counted = Split(3, 2, 2, order="file").choose_indices(10, None)
    assert [counted[part].tolist() for part in PART_NAMES] == [[3, 4, 5], [6, 7], [8, 9]]


@given(examples=st.integers(20, 300), groups=st.integers(3, 200), seed=st.integers(0, 99))
def test_groups_are_whole_and_no_part_is_more_than_a_group_off_its_size(examples: int, groups: int, seed: int) -> None:
    key = make_generator(seed, "data").integers(0, groups, examples).astype(str)
    assume(len(np.unique(key)) >= 3)
    split = Split(0.6, 0.2, 0.2, seed, group="g")
    parts = split.choose_indices(examples, labels_of(examples, 3), key=key)
    check_parts(parts, examples)
    of_part = [set(key[parts[part]]) for part in PART_NAMES]
    assert sum(map(len, of_part)) == len(np.unique(key))  # no group is in two parts
    assert all(of_part)
    largest = np.unique(key, return_counts=True)[1].max()
    sizes = split.count_examples(examples)
    assert abs(len(parts["test"]) - sizes["test"]) <= largest
    assert abs(len(parts["dev"]) - sizes["dev"]) <= largest


def test_a_group_that_most_examples_have_leaves_groups_for_all_parts() -> None:
    key = np.repeat(["a", "b", "c"], [98, 1, 1])
    for seed in range(9):
        parts = Split(0.6, 0.2, 0.2, seed, group="g").choose_indices(100, None, key=key)
        assert sorted(len(parts[part]) for part in PART_NAMES) == [1, 1, 98]
    with pytest.raises(DataError, match="2 groups of 'g' are too few"):
        Split(0.6, 0.2, 0.2, group="g").choose_indices(100, None, key=np.repeat(["a", "b"], 50))


def test_a_number_of_training_examples_is_kept_to_with_groups_too() -> None:
    key = np.repeat(np.arange(50), 2).astype(str)
    parts = Split(20, 10, 10, group="g").choose_indices(100, None, key=key)
    assert [len(parts[part]) for part in PART_NAMES] == [20, 10, 10]


@given(groups=st.integers(8, 60), folds=st.integers(2, 5), seed=st.integers(0, 9))
def test_folds_of_groups_are_disjoint_and_make_up_what_is_not_test(groups: int, folds: int, seed: int) -> None:
    key = make_generator(seed, "data").integers(0, groups, 200).astype(str)
    assume(len(np.unique(key)) > folds)
    parts = []
    for fold in range(folds):
        split = Split(test=0.2, seed=seed, k_fold=KFold(folds, fold), group="g")
        parts.append(split.choose_indices(200, None, key=key))
    everything = np.concatenate([part["dev"] for part in parts])
    assert sorted([*everything, *parts[0]["test"]]) == list(range(200))
    for part in parts:
        assert len(part["dev"])
        assert not set(key[part["dev"]]) & (set(key[part["train"]]) | set(key[part["test"]]))
        assert part["test"].tolist() == parts[0]["test"].tolist()


def test_more_folds_than_groups_are_refused() -> None:
    key = np.repeat(["a", "b", "c"], 10)
    with pytest.raises(DataError, match="3 groups of 'g' are too few"):
        Split(test=0, k_fold=KFold(4), group="g").choose_indices(30, None, key=key)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (Split(order="file", time="t"), "order: file and time exclude each other"),
        (Split(time="t", group="g"), "time and group exclude each other"),
        (Split(time="t", k_fold=KFold(5)), "k_fold takes examples from everywhere, and time keeps their order"),
    ],
    ids=str,
)
def test_two_orders_are_refused(split: Split, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        split.count_examples(100)


@pytest.mark.parametrize("options", [{}, {"order": "file"}, {"time": "t"}, {"group": "g"}], ids=str)
def test_own_dev_and_test_parts_stay_as_they_are_whatever_the_rest_is_split_by(options: dict[str, Any]) -> None:
    key = np.arange(100).astype(str) if "group" in options else np.arange(100.0)
    parts = Split(**options).choose_indices(100, None, 20, 10, key=key)
    assert parts["test"].tolist() == list(range(80, 100))
    assert parts["dev"].tolist() == list(range(70, 80))
    assert parts["train"].tolist() == list(range(70))
    others = Split(dev=0.25, **options).choose_indices(100, None, 20, 10, key=key)
    assert others["test"].tolist() == list(range(80, 100))
    assert [len(others[part]) for part in PART_NAMES] == [60, 20, 20]
