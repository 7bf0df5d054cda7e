"""The client of docs/protocol.md, as it stands there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.docs.conftest import blocks

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve

PAGE = """<!doctype html>
<meta charset="utf-8" />
<link rel="icon" href="data:," />
<audio autoplay id="voice"></audio>
<button>Call</button>
<script type="module">
document.querySelector("button").onclick = async () => {
%s
};
</script>
"""


@pytest.mark.browser
async def test_a_client_in_thirty_lines_hears_the_agent(serve: Serve, browse: Browse, tmp_path: Path) -> None:
    [client] = [block.code for block in blocks("protocol.md") if block.language == "js"]
    (tmp_path / "index.html").write_text(PAGE % client)
    async with serve("--page", str(tmp_path), key=False) as server, browse(server.url) as visit:
        async with visit.page.expect_console_message(lambda message: message.text == "agent: Hello!", timeout=20_000):
            await visit.page.get_by_role("button").click()
        await visit.page.wait_for_selector("html[data-sound=on]", state="attached")
