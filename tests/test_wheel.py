from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="the build back end comes with python3 -m tests")
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return folder


def test_the_wheel_holds_the_two_packages_and_nothing_else(built: Path) -> None:
    [wheel] = built.glob("letitcrash-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    information = f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"

    assert {name.partition("/")[0] for name in names} == {"actors", "supervisors", information}
    assert {"actors/py.typed", "supervisors/py.typed"} <= set(names)


def test_the_source_archive_holds_everything(built: Path) -> None:
    [archive] = built.glob("letitcrash-*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}

    assert {".ci/run", "LICENSE", "README.md", "examples/__main__.py", "tests/__main__.py"} <= names
