"""The wheel and the sdist carry every room: linked folders are easily left out without a word."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("plugins", "store", "webapp", "gluon", "testing", "cli")
LEFT_OUT = (".git", ".venv", "runs", "build", "dist", "*.egg-info", "__pycache__", ".*_cache")


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with an sdist, and the wheel that was built from that sdist."""
    tree = tmp_path_factory.mktemp("tree") / "vizframe"
    shutil.copytree(ROOT, tree, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
    built = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(built), str(tree)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return built


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> Path:
    (path,) = distributions.glob("*.whl")
    return path


def python_files(room: str) -> set[str]:
    files = (ROOT / "vizframe" / room).rglob("*.py")
    return {f"vizframe/{room}/{path.relative_to(ROOT / 'vizframe' / room)}" for path in files}


@pytest.mark.slow
def test_the_wheel_carries_every_room(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for room in ROOMS:
        assert python_files(room) - inside == set()


@pytest.mark.slow
def test_the_wheel_carries_types_and_assets(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    assets = {
        f"vizframe/webapp/{path.relative_to(ROOT / 'webapp')}"
        for path in (ROOT / "webapp" / "assets").rglob("*")
        if path.is_file()
    }
    assert {"vizframe/py.typed", *assets} - inside == set()


@pytest.mark.slow
def test_the_wheel_installs_no_name_but_vizframe(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"vizframe"}


@pytest.mark.slow
def test_the_wheel_runs_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """With the checkout off the path, as it is for whoever installs the wheel."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "import sys; sys.path.insert(0, '.');"
        "import vizframe.plugins, vizframe.store, vizframe.webapp, vizframe;"
        "print(vizframe.__file__)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == str(tmp_path / "vizframe" / "__init__.py")


@pytest.mark.slow
def test_the_sdist_carries_the_rooms(distributions: Path) -> None:
    (path,) = distributions.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        inside = {name.split("/", 1)[-1] for name in archive.getnames()}
    for room in ROOMS:
        assert python_files(room) - inside == set()
