"""The documentation site: `make docs` builds it in site/ with Sphinx, from these Markdown pages.

A warning, such as a link that leads nowhere, is an error.
"""

project = "voicegraph"
author = "the voicegraph authors"
copyright = "the voicegraph authors, Apache 2.0"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["images", "Thumbs.db"]
suppress_warnings = [
    "toc.not_readable",  # index.md names pages that a checkout may not have; one that nobody names is an error
    "misc.highlighting_failure",  # JSON with an ellipsis in it is for people
]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
"""Headings down to #### can be linked to, by the names that GitHub gives them."""

html_theme = "furo"
html_title = "voicegraph"
html_favicon = "../web/icon.svg"
html_static_path: list[str] = []
html_show_sourcelink = False
html_copy_source = False
html_use_index = False
pygments_style = "tango"
pygments_dark_style = "monokai"
