"""Pages made of published npm packages, bundled when the tests begin; the browser and the server are those of tests/browser."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import browse, chromium, mistral, serve

__all__ = ["browse", "chromium", "mistral", "serve"]

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
WITHOUT = "The clients' npm packages are not installed: `make clients` does it, and needs Node.js with npm."

Bundle = Callable[[Path, Path], Path]


@pytest.fixture(scope="session")
def modules() -> Path:
    """The folder of the pinned packages. Without them the tests are skipped, but on CI they fail."""
    if (MODULES / "esbuild").is_dir() and shutil.which("node"):
        return MODULES
    if os.environ.get("CI") == "true":
        pytest.fail(WITHOUT)
    pytest.skip(WITHOUT)


@pytest.fixture(scope="session")
def bundle(modules: Path) -> Bundle:
    """`bundle(source, folder)` makes one script for a page of `source` and all that it imports, in `folder` under the same name, and returns it."""

    def bundle(source: Path, folder: Path) -> Path:
        made = folder / f"{source.stem}.js"
        command = ["node", str(modules / "esbuild" / "bin" / "esbuild"), str(source), f"--outfile={made}"]
        options = ["--bundle", "--format=esm", "--jsx=automatic", "--log-level=warning", '--define:process.env.NODE_ENV="production"']
        subprocess.run([*command, *options], check=True, env=os.environ | {"NODE_PATH": str(modules)}, timeout=60)
        return made

    return bundle


@pytest.fixture(scope="session")
def sdk_page(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to serve: the page in tests/clients/page with the SDK inside."""
    folder = tmp_path_factory.mktemp("sdk")
    shutil.copy(HERE / "page" / "index.html", folder)
    bundle(HERE / "page" / "page.js", folder)
    return folder
