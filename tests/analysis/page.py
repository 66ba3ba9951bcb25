"""Reads a page as text: its tables by their captions, and what else it says."""

import html.parser
import re

WITHOUT_END = {"meta", "br", "link", "img"}


class Page(html.parser.HTMLParser):
    """What a reader finds: `tables` has the rows of each caption, head first, as lists of cells; `facts` the first value of each name."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.facts, self.tags, self.said = {}, {}, [], []
        self.row, self.cell, self.caption, self.name, self.open = None, None, None, None, []
        self.feed(text)
        self.words = squeezed("".join(self.said))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in WITHOUT_END:
            self.open.append(tag)
        if tag == "caption":
            self.caption = ""
        elif tag == "tr":
            self.row = []
            self.tables[self.caption].append(self.row)
        elif tag in ("th", "td"):
            self.cell = ""

    def handle_endtag(self, tag):
        if tag not in WITHOUT_END:
            assert self.open.pop() == tag, f"</{tag}> closes another element"
        if tag == "caption":
            self.caption = squeezed(self.caption)
            self.tables[self.caption] = []
        elif tag in ("th", "td") and self.cell is not None:
            self.row.append(squeezed(self.cell))
            self.cell = None
        elif tag in ("p", "li", "dt", "dd", "tr", "h1", "h2", "h3", "summary"):
            self.said.append("\n")

    def handle_data(self, text):
        if "style" in self.open:
            return
        self.said.append(text)
        if "caption" in self.open:
            self.caption += text
        elif self.cell is not None and "svg" not in self.open:
            self.cell += text
        elif "dt" in self.open:
            self.name = text
        elif "dd" in self.open:
            self.facts.setdefault(self.name, text.strip())

    def body(self, caption):
        """The rows of a table below its head."""
        [rows] = [rows for name, rows in self.tables.items() if name.startswith(caption)]
        return [[cell for cell in row if cell != ""] for row in rows[1:]]


def squeezed(text):
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"[ \t]+", " ", text)).strip()
