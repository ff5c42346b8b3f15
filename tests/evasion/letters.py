"""Disguises that write other letters, figures and signs for those of a word."""

# ruff: noqa: RUF001 (letters that look like others are what this file is about)

from tests.evasion.disguise import (
    LATIN,
    Disguise,
    Spell,
    alphabet,
    alphabet_from,
    spelled,
    translated,
)
from tests.evasion.words import Script

_CYRILLIC = alphabet("аЬсԁеfgһіјкӏмпорԛгѕтυѵԝхуz")
_GREEK = alphabet("αβϲδεfgηιϳκlμνορqrsτυνωχγz")
_ARMENIAN = alphabet("аbсdеfցհіjkӏmոօрգrsтսvաxуz")
_PHONETIC = alphabet("ɑɓcɗɛfɡɦɩjƙɫmnopqrʂtuʋwxyz")
_STROKES = alphabet("abcđefgħiɉklmnøpqrsŧuvwxyƶ")
_SMALL = alphabet("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘ ʀꜱᴛᴜᴠᴡ ʏᴢ")
_SUPER = alphabet("ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖ ʳˢᵗᵘᵛʷˣʸᶻ")
_SUB = alphabet("ₐ   ₑ  ₕᵢⱼₖₗₘₙₒₚ ᵣₛₜᵤᵥ ₓ  ")
_TURNED = alphabet("ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz")
_PRECOMPOSED = alphabet("áḅćďéḟǵĥíĵḱĺḿńóṕqŕśťúṽŵẍýź")
_CURRENCY = alphabet("₳฿₵ĐɆ₣₲ĦłJ₭Ⱡ₥₦Ø₱QⱤ₴₮ɄV₩ӾɎⱫ")
_CHEROKEE = alphabet("ꭺᏼꮯꭰꭼfᏻꮋꭵꭻꮶꮮꮇnoꮲqꭱꮪꭲuꮩꮃxꭹꮓ")
_TO_LATIN = dict(zip(map(ord, "аекмнорстух"), "aekmhopctyx", strict=True))


def _every_other(table: dict[int, str]) -> Spell:
    """Write every other letter as `table` has it."""
    return lambda word: "".join(
        letter.translate(table) if at % 2 else letter for at, letter in enumerate(word)
    )


def _vowels(table: dict[int, str]) -> Spell:
    return translated({code: other for code, other in table.items() if chr(code) in "aeiou"})


def _full_width(word: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) for letter in word)


def _upside_down(word: str) -> str:
    return word.translate(_TURNED)[::-1]


def _figures(**figures: str) -> Spell:
    return translated({ord(letter): figure for letter, figure in figures.items()})


DISGUISES: tuple[Disguise, ...] = (
    spelled("capitals", str.upper, LATIN | {Script.CYRILLIC}),
    spelled("Cyrillic lookalikes", translated(_CYRILLIC), LATIN),
    spelled("Cyrillic vowels", _vowels(_CYRILLIC), LATIN),
    spelled("Greek lookalikes", translated(_GREEK), LATIN),
    spelled(
        "Cyrillic and Greek", lambda word: _every_other(_GREEK)(_vowels(_CYRILLIC)(word)), LATIN
    ),
    spelled("Armenian lookalikes", translated(_ARMENIAN), LATIN),
    spelled("Cherokee lookalikes", translated(_CHEROKEE), LATIN),
    spelled("phonetic letters", translated(_PHONETIC), LATIN),
    spelled("letters with strokes", translated(_STROKES), LATIN),
    spelled("currency signs", translated(_CURRENCY), LATIN),
    spelled("Latin lookalikes in Cyrillic", translated(_TO_LATIN), frozenset({Script.CYRILLIC})),
    spelled("full-width", _full_width, LATIN),
    spelled("mathematical bold", translated(alphabet_from(0x1D41A)), LATIN),
    spelled("mathematical bold script", translated(alphabet_from(0x1D4EA)), LATIN),
    spelled("mathematical Fraktur", translated(alphabet_from(0x1D586)), LATIN),
    spelled("mathematical double-struck", translated(alphabet_from(0x1D552)), LATIN),
    spelled("mathematical sans italic", translated(alphabet_from(0x1D622)), LATIN),
    spelled("mathematical monospace", translated(alphabet_from(0x1D68A)), LATIN),
    spelled("circled letters", translated(alphabet_from(0x24D0)), LATIN),
    spelled("black circled letters", translated(alphabet_from(0x1F150)), LATIN),
    spelled("parenthesised letters", translated(alphabet_from(0x249C)), LATIN),
    spelled("squared letters", translated(alphabet_from(0x1F130)), LATIN),
    spelled("black squared letters", translated(alphabet_from(0x1F170)), LATIN),
    spelled("flags", translated(alphabet_from(0x1F1E6)), LATIN),
    spelled(
        "flags with spaces", lambda word: " ".join(word.translate(alphabet_from(0x1F1E6))), LATIN
    ),
    spelled("small capitals", translated(_SMALL), LATIN),
    spelled("superscript letters", translated(_SUPER), LATIN),
    spelled("subscript letters", translated(_SUB), LATIN),
    spelled("upside down", _upside_down, LATIN),
    spelled("upside down letters in order", translated(_TURNED), LATIN),
    spelled("letters with accents", translated(_PRECOMPOSED), LATIN),
    spelled("leet vowels", _figures(a="4", e="3", i="1", o="0"), LATIN),
    spelled("leet", _figures(a="4", e="3", i="1", o="0", s="5", t="7"), LATIN),
    spelled("leet with more figures", _figures(b="8", e="3", g="9", i="1", o="0", z="2"), LATIN),
    spelled("leet with signs", _figures(a="@", s="$", i="!", l="1", c="("), LATIN),
    spelled("leet with bars", _figures(l="|", i="!", t="+", o="0"), LATIN),
    spelled(
        "leet of several signs",
        _figures(n="|\\|", m="|\\/|", w="\\/\\/", v="\\/", h="|-|", d="|)", k="|<"),
        LATIN,
    ),
    spelled("one figure", lambda word: word.replace("e", "3", 1).replace("a", "4", 1), LATIN),
    spelled("v for u, vv for w", _figures(w="vv", u="v", m="rn"), LATIN),
    spelled("ph, ck and z", lambda word: word.replace("f", "ph").replace("s", "z"), LATIN),
)
"""What is read only by guessing at single letters stands here too: guessing is measured."""
