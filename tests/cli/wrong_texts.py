"""Overrides that are wrong, and texts that are no specs at all, and what is said of each."""

from __future__ import annotations

from tests.cli.mutations import BASE

OVERRIDES = [
    ("seed", 1, "expected key.sub=value", "for example training.epochs=5"),
    ("=3", 1, "expected key.sub=value", "for example training.epochs=5"),
    ("seed.=3", 1, "expected key.sub=value", "for example training.epochs=5"),
    ("sede=3", 1, "sede: unknown key 'sede'", "did you mean 'seed'?"),
    ("seed=", 6, "seed: expected a whole number ≥ 0, found nothing"),
    ("seed=x", 6, "seed: expected a whole number ≥ 0, found 'x'"),
    ("seed.x=3", 6, "seed.x: seed is 0, which holds no 'x'"),
    ("training.epoch=3", 10, "training.epoch: unknown key 'epoch'", "did you mean training.epochs=3?"),
    (
        "optimizer.sgd.lr=0.1",
        11,
        "expected one optimizer, `name` or",
        "to replace the whole value, in quotes: 'optimizer={sgd: {lr: 0.1}}'",
    ),
    (
        "activation.elu.alpha=2",
        12,
        "activation is 'relu', which",
        "to replace the whole value: activation={elu: {alpha: 2}}",
    ),
    ("architecture.9=relu", 14, "architecture.9: architecture has the entries 0 to 4, found '9'"),
    ("architecture.-1=relu", 14, "architecture.-1: architecture has the entries 0 to 4, found '-1'"),
    (
        "architecture.mlp.hidden=[3]",
        14,
        "architecture has the entries 0 to 4, found 'mlp'",
        "to replace the whole value: architecture={mlp: {hidden: [3]}}",
    ),
    (
        "architecture.0.relu=null",
        16,
        "expected one layer, `name`",
        "to replace the whole value: architecture.0=relu",
    ),
    ("optimizer.adam.lr=[1", 19, "optimizer.adam.lr: this bracket is not closed by ']'"),
    (
        "optimizer.adam.lr=a: b: c",
        23,
        "a `:` cannot stand here",
        "indent the keys of one mapping alike; put a text that contains `: ` in quotes",
    ),
    ("seed=010", 6, "seed: 010 begins with a zero", "write 10, or '010' in quotes if it is a text"),
    ("optimizer.adam.lr='1e-3'", 19, "optimizer.adam.lr: expected a number > 0, found '1e-3'", "leave the quotes out"),
    (
        "optimizer={adam: {}, sgd: {lr: 1}}",
        22,
        "expected one optimizer,",
        "to replace the whole value, in quotes: 'optimizer={sgd: {lr: 1}}'",
    ),
    ("training.batch_size=2000", 21, "a batch of 2000 is larger than the", "write `full` for one batch an epoch"),
    (
        "schedule.cosine.warmup_epochs=90",
        31,
        "the warm-up must be shorter",
        "make it shorter, or raise training.epochs",
    ),
    ("seed=!x 3", 6, "seed: tags (words that begin with !) are not allowed"),
    ("seed=*a", 6, "seed: the alias 'a' has no anchor"),
    ("name=[[[", 9, "not valid YAML: expected the node content, but found '<stream end>' (while parsing a flow node)"),
]
"""An override, its column, what is said of it, and the suggestion if there is one."""

WHOLE = [
    ("", "1:1", "the spec is empty", "`nnexp new NAME` writes one to start from"),
    ("  \n\n", "1:1", "the spec is empty", "`nnexp new NAME` writes one to start from"),
    ("# nothing\n", "1:1", "the spec is empty", "`nnexp new NAME` writes one to start from"),
    ("---\n", "2:1", "the spec is empty", "`nnexp new NAME` writes one to start from"),
    ("null\n", "1:1", "the spec is empty", "`nnexp new NAME` writes one to start from"),
    ("hello\n", "1:1", "expected a mapping, found", "a spec begins with keys, such as `data:` and `architecture:`"),
    ("3\n", "1:1", "expected a mapping, found 3", "a spec begins with keys, such as `data:` and `architecture:`"),
    ("- a\n- b\n", "1:1", "expected a mapping, found", "a spec begins with keys, such as `data:` and `architecture:`"),
    ("name = 'x'\n", "1:1", "expected a mapping,", "a spec begins with keys, such as `data:` and `architecture:`"),
    (BASE + "---\n" + BASE, "24:1", "a second document begins here, and a spec is one", "remove this line"),
    (BASE.replace("  source", "\tsource"), "4:1", "found a tab; YAML takes only spaces here", "use spaces instead"),
    ("a: [1\nb: 2\n", "1:4", "this bracket is not closed by ']'"),
    ("a: 'x\nb: y\n", "1:4", "this quotation mark is never closed"),
    (
        "a: b: c\n",
        "1:5",
        "a `:` cannot stand here",
        "indent the keys of one mapping alike; put a text that contains `: ` in quotes",
    ),
    (BASE.replace("  split", " split"), "5:2", "this line does not", "indent the lines of one mapping or list alike"),
    ("a: *x\n", "1:4", "the alias 'x' has no anchor"),
    ("&a [*a]\n", "1:1", "this value contains an alias of itself"),
    ("a: &a {b: *a}\n", "1:4", "this value contains an alias of itself"),
    ("a: @b\n", "1:4", "a text cannot begin with '@'", "put it in quotes"),
    ("a: \x07\n", "1:4", "the character U+0007 is not allowed in YAML"),
    ("[" * 50, "1:41", "nested more than 40 levels deep"),
    ('a: "\\q"\n', "1:6", "\\ followed by 'q' means nothing in", "use single quotes, in which a backslash is itself"),
    ("%YAML 9.9\n---\na: b\n", "1:1", "not valid YAML: found incompatible YAML document (version 1.* is required)"),
    ("&x !!map {}\n", "1:1", "tags (words that begin with !) are not allowed"),
]
"""A text that is no spec at all, the place, what is said of it, and the suggestion if there is one."""
