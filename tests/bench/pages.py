"""Puts what was measured into a page, between the marks that it has for that."""

from pathlib import Path

BEGIN, END = "<!-- {} begin -->", "<!-- {} end -->"


def replaced(page: Path, section: str, made: str) -> None:
    """Put `made` in the place of what a section of `page` holds; the page MUST have its marks."""
    begin, end = BEGIN.format(section), END.format(section)
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n\n{made}\n{end}{after}", encoding="utf-8")
