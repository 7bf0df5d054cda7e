"""docs/tutorial-processor.md, done from top to bottom in an empty folder."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorial-processor.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def blocks() -> Iterator[tuple[str, str]]:
    yield from BLOCK.findall(TUTORIAL.read_text(encoding="utf-8"))


def wheel_of(folder: Path) -> Path:
    """What `pip wheel .` would make of the pyproject.toml, without fetching a build backend."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    name, version = project["project"]["name"].replace("-", "_"), project["project"]["version"]
    points = "".join(
        f"[{group}]\n" + "".join(f"{point} = {value}\n" for point, value in found.items())
        for group, found in project["project"]["entry-points"].items()
    )
    about = f"{name}-{version}.dist-info"
    file = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        for module in project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]:
            wheel.write(folder / module, module)
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {project['project']['name']}\nVersion: {version}\n")
        wheel.writestr(f"{about}/WHEEL", WHEEL)
        wheel.writestr(f"{about}/entry_points.txt", points)
        wheel.writestr(f"{about}/RECORD", "")
    return file


class Reader:
    """Somebody who follows the page in a folder. What `pip install .` installs goes to a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.installed = folder / "installed"
        self.output = ""

    def do(self, line: str) -> None:
        if line == "pip install .":
            wheel = str(wheel_of(self.folder))
            self._run("pip", "install", "-q", "--no-deps", "--no-index", "--disable-pip-version-check", "--target", str(self.installed), wheel)
            return
        program, *arguments = line.split()
        assert program in ("voicegraph", "pytest"), line
        self._run(program, *arguments, *(["-p", "no:asyncio", "-q"] if program == "pytest" else []))

    def _run(self, program: str, *arguments: str) -> None:
        command = [sys.executable, *(["-I"] if program == "pip" else []), "-m", program, *arguments]
        environment = {"PATH": "", "PYTHONPATH": str(self.installed)}
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, env=environment)
        self.output = done.stdout
        assert done.returncode == 0, f"{program} {arguments}: {done.stdout}{done.stderr}"


def test_it_works_from_top_to_bottom(tmp_path: Path) -> None:
    reader, done = Reader(tmp_path), []
    for language, text in blocks():
        if language == "sh":
            for line in text.splitlines():
                reader.do(line)
                done.append(line)
        elif language == "text":
            assert [line for line in text.splitlines() if line not in reader.output] == []
        else:
            name = re.match(r"# (\S+)\n", text)
            assert name, f"a block without the name of its file: {text[:40]}"
            (tmp_path / name[1]).write_text(text)
    assert reader.output.startswith("shout: Changes how the words of the reply are written.")
    assert len(done) == 7
    assert (tmp_path / "loud.svg").read_text().startswith("<svg ")
