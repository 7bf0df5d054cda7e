"""The documentation as a site: it builds without a warning, every link leads somewhere, and nobody else is asked for anything."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.docs.conftest import DOCS

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve

ROOT = DOCS.parent
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def build(pages: Path, site: Path) -> str:
    """As `make docs` does it. What Sphinx has to say about it: nothing, when all is well."""
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--nitpicky", "--quiet", str(pages), str(site)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    assert build(DOCS, folder) == ""
    return folder


def test_every_page_is_in_it(site: Path) -> None:
    pages = [path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")]
    navigation = (site / "index.html").read_text()
    assert pages
    for page in pages:
        assert (site / page).is_file()
        assert f'href="{page}"' in navigation or page.name == "index.html"


@pytest.mark.parametrize("wrong", ["[there](nowhere.md)", "[there](other.md#no-such-heading)", "[there](#no-such-heading)"])
def test_a_link_that_leads_nowhere_fails(wrong: str, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "conf.py").write_text((DOCS / "conf.py").read_text().replace("../web", str(ROOT / "web")))
    (pages / "index.md").write_text(f"# A page\n\n[fine](other.md#a-heading) {wrong}\n\n```{{toctree}}\nother\n```\n")
    (pages / "other.md").write_text("# Another\n\n## A heading\n")
    assert "index.md:3: WARNING" in build(pages, tmp_path / "site")


@pytest.mark.browser
async def test_it_asks_no_other_host(site: Path, serve: Serve, browse: Browse) -> None:
    async with serve("--page", str(site)) as server, browse(f"{server.url}/howto/react.html") as visit:
        await expect(visit.page.get_by_role("heading", level=1)).to_contain_text("A React page")
        await visit.page.goto(f"{server.url}/search.html?q=recorder")
        await expect(visit.page.locator("#search-results")).to_contain_text("Keep the sound of a call")
        await visit.page.goto(f"{server.url}/index.html")
        await expect(visit.page.get_by_role("img").first).to_be_visible()


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md"])
def test_the_links_beside_it_lead_somewhere(page: str) -> None:
    for found in LINK.finditer((ROOT / page).read_text(encoding="utf-8")):
        target, _, anchor = (found[1] or found[2]).partition("#")
        if target.startswith("https://"):
            continue
        assert (ROOT / (target or page)).exists(), target
        assert not anchor or anchor in headings(ROOT / (target or page)), f"{target}#{anchor}"


def headings(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
