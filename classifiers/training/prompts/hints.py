"""Says again what a text says about minors.

In the first fit, words that might hint at youth (`multiple girls`, `siblings`, `school uniform`)
stood in prompts with children, and were left unsaid in all others; so they came to count as
children: a third of harmless prompts of tags reached the threshold. So prompts of tags with words
of school are left unsaid on either side, and harmless ones with mere hints count as what they are,
without a child. Nor do young animals and colours count.
"""

from dataclasses import replace

from classifiers.prompt_heads import Head
from classifiers.training.prompts.lexicons import is_minor, is_of_school, shows_minor
from classifiers.training.prompts.rows import Row


def said(row: Row) -> Row:
    """Return a row with what its tags really say about minors."""
    if row.labels.get(Head.MINOR_PRESENT) and not shows_minor(row.text):
        return replace(row, labels={**row.labels, Head.MINOR_PRESENT: 0})
    if row.source == "tags_young" and is_of_school(row.text):
        return row.but(Head.MINOR_PRESENT)
    if row.source == "tags_harmless" and not is_of_school(row.text) and not is_minor(row.text):
        return replace(row, labels={**row.labels, Head.MINOR_PRESENT: 0})
    return row
