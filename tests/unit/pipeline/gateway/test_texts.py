"""The public texts: each code in each language, and never a missing one."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.app import TEXTS
from pipeline.gateway.texts import FALLBACK, Texts
from pipeline.items import PublicCode

SHIPPED = Texts.read(TEXTS)


@pytest.mark.parametrize("language", SHIPPED.by_language)
@pytest.mark.parametrize("code", PublicCode)
def test_every_code_has_a_text_of_its_own_in_every_language(
    language: str, code: PublicCode
) -> None:
    """A refusal without a reason is one that nobody can act on."""
    texts = SHIPPED.by_language[language]

    assert texts[code]
    assert list(texts.values()).count(texts[code]) == 1


@pytest.mark.parametrize("language", SHIPPED.by_language)
def test_no_text_names_a_rule_or_a_harm(language: str) -> None:
    """Coarse on purpose."""
    said = " ".join(SHIPPED.by_language[language].values())

    assert not any(word in said for word in ("CSE", "NCII", "score", "threshold"))


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("de", "de"),
        ("de-AT,en;q=0.5", "de"),
        ("xx, JA;q=0.9", "ja"),
        ("", FALLBACK),
        ("*", FALLBACK),
        (",".join(["xx"] * 20) + ",de", FALLBACK),
    ],
)
def test_the_first_language_that_is_known_is_spoken(wanted: str, language: str) -> None:
    """As Accept-Language orders them; English is the last resort."""
    expected = SHIPPED.by_language[language][PublicCode.HELD]

    assert SHIPPED.say(PublicCode.HELD, wanted) == expected


@given(st.text())
def test_any_header_is_answered(wanted: str) -> None:
    """A header is whatever a client sends."""
    assert SHIPPED.say(PublicCode.HELD, wanted)


@pytest.mark.parametrize("change", ["missing", "unknown"])
def test_an_incomplete_language_is_refused_at_start(tmp_path: Path, change: str) -> None:
    """Not when the first user of it is refused."""
    texts = yaml.safe_load(TEXTS.read_text("utf-8"))
    if change == "missing":
        del texts["ja"]["HELD"]
    else:
        texts["ja"]["SURPRISE"] = "?"
    path = tmp_path / "texts.yaml"
    path.write_text(yaml.safe_dump(texts), "utf-8")

    with pytest.raises(ValueError, match=r"."):
        Texts.read(path)
