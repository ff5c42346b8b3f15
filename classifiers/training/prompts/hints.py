"""Says again what a text says about minors, and what it does not say about sex.

In the first fit, words that might hint at youth (`multiple girls`, `siblings`, `school uniform`)
stood in prompts with children, and were left unsaid in all others; so they came to count as
children: a third of harmless prompts of tags reached the threshold. So prompts of tags with words
of school are left unsaid on either side, and harmless ones with mere hints count as what they are,
without a child. Nor do young animals and colours count.

Harmless prompts of tags were composed of tags without a sexual word. Some are about undress all the
same, or about the body: whether those are sexual, nobody has labelled, so no threshold is chosen by
them.
"""

import re
from dataclasses import replace
from typing import Final

from classifiers.prompt_heads import Head
from classifiers.training.prompts.lexicons import is_minor, is_of_school, shows_minor, spelled
from classifiers.training.prompts.rows import Row

_UNDRESS: Final = re.compile(
    r"\b(?:\w*breast\w*|sideboob|underboob|cleavage|ass|butt|underbutt|groin|crotch\w*|uterus"
    r"|foreskin|phimosis|panties|bra|lingerie|underwear|jockstrap|thong|bikini|swimsuit|leotard"
    r"|highleg|playboy bunny|downblouse|see[- ]through|zettai ryouiki|cameltoe|wedgie"
    r"|skindentation|thighs|clothes lift|nudist|pervert|impregnation|peeing|pee)\b"
)
"""Tags of undress, of the body below the waist and of what is done with it."""


def said(row: Row) -> Row:
    """Return a row with what its tags really say about minors."""
    if row.labels.get(Head.MINOR_PRESENT) and not shows_minor(row.text):
        return replace(row, labels={**row.labels, Head.MINOR_PRESENT: 0})
    if row.source == "tags_young" and is_of_school(row.text):
        return row.but(Head.MINOR_PRESENT)
    if row.source == "tags_harmless" and not is_of_school(row.text) and not is_minor(row.text):
        return replace(row, labels={**row.labels, Head.MINOR_PRESENT: 0})
    return row


def measured_by(row: Row) -> Row:
    """Return a row as it is measured by: silent about sex if it is of undress and unlabelled."""
    if row.source == "tags_harmless" and _UNDRESS.search(spelled(row.text)):
        return said(row).but(Head.SEXUAL)
    return said(row)
