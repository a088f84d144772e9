"""nnexp predict"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nnexp.cli.console import err
from nnexp.cli.options import RunName, RunsDir
from nnexp.errors import UsageError
from nnexp.prediction.run import Run
from nnexp.runs.index import find_run
from nnexp.storage import atomic


def predict(
    run: RunName,
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="A .csv with a header, a .npz with an array x, an image, or a folder of images.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the csv to this file.", show_default="standard output")
    ] = None,
    runs: RunsDir = Path("runs"),
) -> None:
    """Predict for a file: classes and probabilities, or values, as csv."""
    from nnexp.prediction.files import make_prediction_table, read_examples  # imports pandas

    if output is not None and output.resolve() == source.resolve():
        raise UsageError(f"{output} is the input: the answers would overwrite it")
    trained = Run(find_run(run, runs))
    examples = read_examples(source, trained.predictor, trained.spec.data.source)
    for note in examples.notes:
        err.print(f"{source}: {note}", markup=False)
    predicted = make_prediction_table(trained.predictor, examples.x, examples.identifiers)
    text = predicted.to_csv(index=False, lineterminator="\n")
    if output is None:
        print(text, end="")
        return
    atomic.write_text(output, text)
