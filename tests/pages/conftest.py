"""A browser, and pages to look at with it.

Where no Chromium is found these tests are skipped, unless NNEXP_NEED_BROWSER is set: then they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.cli.inside import inside
from tests.pages.once import once

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

DIGITS = """\
name: small
data: {source: digits, split: {train: 300, dev: 200, test: 100}}
architecture: [{dense: {units: 11}}, activation, output]
activation: relu
optimizer: {adam: {lr: 1e-2}}
schedule: {cosine: {warmup_epochs: 1}}
training: {epochs: 4, batch_size: 64}
"""

EVIL = "<script>alert(1)</script>"

NAMED = f"""\
base: moons.yaml
name: "{EVIL}"
set: {{name: "{EVIL}", training.epochs: 2}}
seeds: 2
variants:
  plain: {{architecture: {{mlp: {{hidden: [3]}}}}}}
  "{EVIL}": {{architecture: {{mlp: {{hidden: [5]}}}}}}
  "'><img src=x onerror=alert(2)>": {{architecture: {{mlp: {{hidden: [7]}}}}}}
  constructor: {{architecture: {{mlp: {{hidden: [11]}}}}}}
"""

MOONS = """\
data: {source: {moons: {examples: 60, noise: 0.2}}, split: {train: 30, dev: 15, test: 15}}
architecture: [{dense: {units: 7}}, activation, output]
optimizer: {adam: {lr: 5e-2}}
training: {epochs: 4, batch_size: 13}
"""


def chromium_path() -> str:
    """Where Chromium is; without one the test is skipped or, where it is needed, fails."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        missing = f"no browser was found: none of {', '.join(NAMES)}"
        if os.environ.get("NNEXP_NEED_BROWSER"):
            pytest.fail(f"NNEXP_NEED_BROWSER is set, and {missing}", pytrace=False)
        pytest.skip(missing)
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a process."""
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page of a sweep on digits, of one whose names are code, and of one run."""
    return once(tmp_path_factory, "pages_to_look_at", make_pages)


def make_pages(folder: Path) -> None:
    for name, text in {"small": DIGITS, "moons": MOONS, "named": NAMED}.items():
        (folder / f"{name}.yaml").write_text(text)
    grid = ("optimizer.adam.lr=1e-3,1e-2", "activation=relu,tanh", "seed=0..1")
    made(folder, "sweep", "small.yaml", *grid, "-j", "1", "--runs", "grid")
    made(folder, "sweep", "named.yaml", "-j", "1", "--runs", "evil")
    made(folder, "train", "moons.yaml", "--runs", "one")
    made(folder, "sweep", "moons.yaml", "activation=relu,tanh", "training.epochs=1", "-j", "1", "--runs", "single")
    for name in ("grid", "evil", "one", "single"):
        [what] = (folder / name / "sweeps").iterdir() if name != "one" else (folder / name).glob("*/")
        made(folder, "report", str(what), "--html", f"{name}.html", "--format", "json")


def made(folder: Path, *arguments: str) -> None:
    quiet = () if arguments[0] == "report" else ("-q",)
    done = inside(*arguments, *quiet, cwd=folder)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
