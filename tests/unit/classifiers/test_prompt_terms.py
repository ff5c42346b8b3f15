# ruff: noqa: RUF001 (letters that look like others are the subject)
import base64
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.normalise import read
from classifiers.prompt_terms import PromptTerms
from classifiers.signals import Field, Finding, Signal, SignalName

TERM, AGE = SignalName.TEXT_MINOR_TERM, SignalName.TEXT_MINOR_AGE
CONTEXT, NEGATED = SignalName.TEXT_MINOR_CONTEXT, SignalName.TEXT_MINOR_NEGATED
NUDITY, ACT = SignalName.TEXT_SEXUAL_NUDITY, SignalName.TEXT_SEXUAL_ACT
SUGGESTIVE = SignalName.TEXT_SEXUAL_SUGGESTIVE
FICTION, REAL = SignalName.TEXT_MINOR_FICTION, SignalName.TEXT_REAL_PERSON
ADULT_AGE, DISGUISED = SignalName.TEXT_ADULT_AGE, SignalName.TEXT_DISGUISED

TERMS = PromptTerms.embedded()


def classify(*texts: Text, grammar: Grammar = Grammar.V4) -> Sequence[Finding]:
    return TERMS.classify(read(Prompt(texts, grammar)))


def fired(*texts: str | Text, grammar: Grammar = Grammar.V4) -> set[SignalName]:
    """Return the names that were seen; a plain `str` is a positive field."""
    fields = [
        text if isinstance(text, Text) else Text(f"p{at}", text) for at, text in enumerate(texts)
    ]
    return {
        one.name
        for one in classify(*fields, grammar=grammar)
        if isinstance(one, Signal) and one.score > 0
    }


def negative(text: str) -> Text:
    return Text("negative_prompt", text, Polarity.NEGATIVE)


@pytest.mark.parametrize(
    "text",
    [
        "1girl, toddler", "2children", "two kids", "A YOUNG CHILD", "幼女", "小学生の絵", "儿童",
        "어린이", "초등학생이", "ребёнок", "niña", "Kleinkind", "une fillette", "👶",
    ],
)  # fmt: skip
def test_an_apparent_minor_is_seen_in_every_language(text: str) -> None:
    """The worst category is judged in all languages that are called covered."""
    assert TERM in fired(text)


@pytest.mark.parametrize(
    "text",
    [
        "12yo", "12 y/o", "12-year-old", "12 years old", "aged twelve", "age 12", "age: 12",
        "twelve years old", "6 months old", "12歳", "１２歳", "十二歳", "七岁", "12세", "열두 살",
        "13 лет", "13-летняя", "doce años", "12 añitos", "12 jahre alt", "zwölf jahre alt",
        "douze ans", "1{2}yo", "12\u200b歳", "1 2 y o", "age of 11", "looks 12",
        "appears to be thirteen",
        "her 12th birthday", "a girl of twelve", "girl (14)", "she is only 15", "12 sai",
        "juuni sai", "じゅうに さい", "十六才", "年齢:13", "年龄:14", "나이 14", "열다섯 살",
        "만 12세",
        "тринадцать лет", "тринадцатилетняя", "в возрасте 12 лет", "возраст: 14", "edad: 13",
        "zwölfjähriges", "im Alter von 14", "âgée de 13", "dix-sept ans", "17 y.o.",
    ],
)  # fmt: skip
def test_a_stated_age_below_eighteen_is_seen(text: str) -> None:
    """Digits or words, in every language that is called covered."""
    assert AGE in fired(text)
    assert ADULT_AGE not in fired(text)


@pytest.mark.parametrize(
    "text",
    [
        "18 years old", "aged thirty", "25yo", "二十歳", "30세", "40 лет", "1000 years old",
        "vingt-cinq ans", "trente-deux ans", "cuarenta y dos años", "двадцать пять лет",
        "сорок два года", "스물다섯 살", "soixante-dix-sept ans", "veinticinco años",
    ],
)  # fmt: skip
def test_a_stated_adult_age_is_an_adult_age(text: str) -> None:
    """It is reported, and takes nothing away."""
    assert fired(text) == {ADULT_AGE}


def test_conflicting_ages_are_both_reported() -> None:
    """Policy counts the youngest; it can only count what it is told."""
    assert {AGE, ADULT_AGE} <= fired("25 years old, looks 12 years old")


@pytest.mark.parametrize(
    "text",
    [
        "looks younger than her age", "legally an adult", "age regression", "ageplay", "実年齢",
        "见面, 实际年龄", "실제 나이", "выглядит моложе", "edad real",
        "sieht jünger aus", "âge réel",
    ],
)  # fmt: skip
def test_talk_of_an_age_that_the_looks_belie_is_evidence(text: str) -> None:
    """Nobody says so of somebody who looks grown up."""
    assert {FICTION, TERM} & fired(text)


@pytest.mark.parametrize(
    "text",
    [
        "emma watson", "by taylor swift", "Владимир Путин", "習近平", "아이유", "keanu reeves",
        "obama at a desk", "wonyoung", "에스파 카리나", "princess diana",
    ],
)  # fmt: skip
def test_a_real_person_is_seen_by_name(text: str) -> None:
    """Their consent is nowhere in a request."""
    assert fired(text) == {REAL}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("skirt lift", SUGGESTIVE), ("shimapan", SUGGESTIVE),
        ("heart_censor", NUDITY), ("clothed male nude female", NUDITY), ("fellatio", ACT),
        ("felatio", ACT), ("tekoki", ACT), ("pool_of_blood", SignalName.TEXT_GORE),
        ("shotadom", TERM), ("de-aged", TERM), ("pettanko", CONTEXT),
    ],
)  # fmt: skip
def test_a_tag_is_known_by_its_other_names(text: str, name: SignalName) -> None:
    """NovelAI reads tags, and so do those who write for it."""
    assert fired(text) == {name}


def test_a_harmless_phrase_shelters_only_its_own_words() -> None:
    """Taken apart otherwise, it is the word again."""
    assert fired("wide shot, a girl") == set()
    assert TERM in fired("sh ota")


@pytest.mark.parametrize(
    "text",
    [
        "kid leather gloves, a goat and her kid", "infant stars", "child locks", "petite bistro",
        "cat girl, child's drawing", "cat girl, child\u2019s drawing", "1boy, children's crusade",
        "a racy red sports car", "a thong of leather", "stripper pliers", "seductive aroma of tea",
        "ass and cart", "grease nipple", "topless tower", "unclothed mannequin",
        "social intercourse", "rimming a glass with salt", "fingering chart", "non-explicit",
    ],
)  # fmt: skip
def test_a_harmless_phrase_says_nothing(text: str) -> None:
    """Each was seen to stop somebody for nothing."""
    assert fired(text) == set()


def test_fiction_about_age_takes_nothing_away() -> None:
    """An adult by declaration is not an adult in the picture."""
    assert TERM in fired("toddler, adult, 1000 years old")


@pytest.mark.parametrize(
    "text",
    [
        "1girl, adult woman", "1girl", "small dog", "tiny house", "mother of two", "kidney",
        "childhood friend", "baby blue eyes", "year 2012", "12 girls", "a baby elephant",
        "gothic lolita", "12 years ago", "a 12 year old whisky", "the ice age 3", "il y a 12 ans",
        "カロリー", "ゴスロリ", "칼로리", "14세기", "Lana", "neet", "net", "tub", "bobs", "ceiling",
        "nina", "裸足", "raccoon", "al gore", "sussex", "a minor detail", "grape", "blue eyes, hat",
        "1boy, solo, 2024, rating:general, artist:someone", "@_@", ":3", "6+girls",
        "close shot, a virus", "wide shot, a tree", "sports bra", "see-through sleeves",
        "a soda on a table", "remote control", "contrapposto", "young adult", "breast pocket",
        "chicken breast", "breast cancer awareness poster", "cock-a-doodle-doo, rooster",
        "artist:futa (nabezoko)", "death the kid", "adult baby blue", "old oak, 16 years old wine",
        "village 12", "3 girls, 12 cats", "looks at 2 cats", "12 million years old", "page 12",
        "jack black cat", "a smith will smith iron", "madonna lily", "prince of wales tower",
        "helianthus annuus", "spaghetti strap, on a hill", "trump card", "a seal and a sting",
        "mark, will, grace and hope", "a summer in may", "river phoenix, paris, hilton of stone",
        "she sat in a chair. low angle", "x, y, z", "a b c d e f g",
        "moby dick", "",
    ],
)  # fmt: skip
def test_what_is_nobodys_age_and_no_harm_fires_nothing(text: str) -> None:
    """A gate that refuses these is switched off within a week."""
    assert fired(text) == set()


QUALITY = [
    "masterpiece, best quality, ",
    ", best quality, amazing quality, very aesthetic, absurdres",
    ", {best quality}, {amazing quality}",
    ", rating:general, best quality, very aesthetic, absurdres",
    ", very aesthetic, location, masterpiece, no text, -0.8::feet::, rating:general",
]
UNDESIRED = [
    (
        "nsfw, lowres, {bad}, error, fewer, extra, missing, worst quality, jpeg artifacts, "
        "displeasing, signature, extra digits, username, scan, [abstract], bad anatomy, @_@, "
        "mismatched pupils, heart-shaped pupils, glowing eyes"
    ),
    (
        "nsfw, {{worst quality}}, [displeasing], {unusual pupils}, {{unfinished}}, {bad}, url, "
        "{sketch page}, impact (font), [dated], {logo}, ych, {what}, {where is your god now}, "
        "{1994}, absolutely everyone, {commissioner name}, unknown text, high contrast"
    ),
    "nsfw, blurry, lowres, logo, dated, signature, gigantic breasts, white blank page, blank page",
    (
        "{{grandfathered content}}, blurred foreground, everyone, [sketch background], "
        "ych (character), [[horror (theme)]], comic"
    ),
    "lowres, sepia, white haze, 0::ai-generated::, -2::upscaled, blurry::,",
]


@pytest.mark.parametrize("text", QUALITY)
def test_quality_tags_fire_nothing(text: str) -> None:
    """NovelAI's own clients add them to every prompt."""
    assert fired(f"1girl{text}") == set()


@pytest.mark.parametrize("text", UNDESIRED)
def test_the_undesired_content_presets_fire_nothing(text: str) -> None:
    """They are in almost every request; `nsfw` there says nothing."""
    assert fired(negative(text)) == set()
    assert fired(negative(text), grammar=Grammar.V3) == set()


class TestSigns:
    def test_a_term_that_is_not_asked_for_is_no_signal(self) -> None:
        """Whoever takes a word out of the picture does not ask for it."""
        assert fired(negative("nude, toddler, 12yo")) == set()
        assert fired("-1::toddler::, 0::12yo::, hat") == set()

    def test_a_negative_of_a_negative_asks_for_it(self) -> None:
        """The oldest way around a gate that skips the negative prompt."""
        assert fired(negative("lowres, -1::nude::")) == {NUDITY}

    @pytest.mark.parametrize("text", ["-1::adult::", "0::mature female::", "-1::30 years old::"])
    def test_maturity_under_a_weight_of_zero_or_less_is_weak_evidence(self, text: str) -> None:
        """It asks for somebody who is not grown up."""
        assert fired(text) == {NEGATED}

    @pytest.mark.parametrize("text", ["adult", "old woman, mature female", "成熟", "30 years old"])
    def test_maturity_in_the_negative_prompt_is_weak_evidence(self, text: str) -> None:
        """The same, the usual way round."""
        assert fired(negative(text)) == {NEGATED}

    def test_a_weight_of_the_newer_grammar_takes_nothing_out_of_the_older(self) -> None:
        """V3 reads `-1::` as letters."""
        assert TERM in fired("-1::toddler::", grammar=Grammar.V3)


class TestDisguises:
    @pytest.mark.parametrize(
        "text",
        [
            "tod{d}ler", "t0ddler", "t 0 d d l 3 r",
            "t o d d l e r", "toddl\u200ber", "relddot", "gbqqyre",
            base64.b64encode(b"toddler").decode(), "tоddlеr", "tod||d|x||ler", "tooooddler",
            "ＴＯ.ＤＤ.ＬＥＲ, hat", "рeбенок", "幼 女", "🅃🄾🄳🄳🄻🄴🅁", "tod1.2::dler::",
        ],
    )  # fmt: skip
    def test_a_disguised_term_is_a_term_and_a_disguise(self, text: str) -> None:
        """Both are facts of their own: the policy may treat evasion apart."""
        assert {TERM, DISGUISED} <= fired(text)

    @pytest.mark.parametrize("text", ["toddler", "ＴＯＤＤＬＥＲ", "{{toddler}}", "1.2::toddler::"])
    def test_a_plain_term_is_no_disguise(self, text: str) -> None:
        """Emphasis and an input method hide nothing."""
        assert fired(text) == {TERM}

    def test_a_plain_term_that_is_not_asked_for_hides_no_disguised_one(self) -> None:
        """Else one weight would blind the gate for the rest of the prompt."""
        assert {TERM, DISGUISED} <= fired("-1::toddler::, t o d d l e r")
        assert {NEGATED} == fired("adult, -1::a d u l t::")

    def test_a_disguise_is_scored_below_what_is_written(self) -> None:
        """It is a guess, if a good one."""
        (hit,) = [one for one in classify(Text("p", "relddot")) if one.name is TERM]

        assert isinstance(hit, Signal)
        assert hit.score == pytest.approx(0.9)

    def test_a_term_over_two_fields_is_seen(self) -> None:
        """Two carriers are joined by the model that reads them."""
        assert {TERM, DISGUISED} <= fired("1girl, tod", "dler, hat")
        assert fired("1girl, tod, ", "dler, hat") == set()


class TestFindings:
    def test_a_hit_says_where_and_by_which_term_never_what(self) -> None:
        """A reviewer resolves the id; the log holds no content."""
        (hit,) = [one for one in classify(Text("input", "1girl, to{dd}ler")) if one.name is TERM]

        assert isinstance(hit, Signal)
        assert hit.where == Field("input", (7, 16))
        assert hit.evidence.startswith("term:minor.en.")

    def test_a_name_without_a_hit_is_a_zero_of_all_fields(self) -> None:
        """Silence would be unknown."""
        found = classify(Text("input", "a lighthouse"))

        assert sorted(one.name for one in found) == sorted(TERMS.emits)
        assert {(one.where, one.score) for one in found if isinstance(one, Signal)} == {
            (Field("*"), 0.0)
        }

    def test_evidence_and_level_come_from_separate_fields(self) -> None:
        """Two innocent fields can be one request that is not."""
        assert {TERM, ACT} <= fired("1girl, child", "rating:explicit")

    def test_harmless_phrases_and_other_signs_before_it_hide_no_term(self) -> None:
        """Only the first few hits of a term are told: those must be hits."""
        assert TERM in fired("baby blue, " * 20 + "baby")
        assert TERM in fired("-1::" + "toddler, " * 20 + "1::toddler")
        assert DISGUISED in fired("-1::" + "t o d d l e r, " * 20 + "1::t o d d l e r")

    def test_it_knows_its_words(self) -> None:
        """An installation whose lists are broken must not serve."""
        TERMS.warm()

    def test_the_id_names_the_lists(self) -> None:
        """The log says which lists judged."""
        assert len(TERMS.id.rpartition("+")[2]) == 8

    @given(st.lists(st.text(max_size=80), max_size=3), st.sampled_from(Grammar))
    def test_it_answers_exactly_what_it_emits_on_any_text(
        self, texts: list[str], grammar: Grammar
    ) -> None:
        """The contract of every classifier."""
        found = classify(*[Text(f"p{at}", text) for at, text in enumerate(texts)], grammar=grammar)

        assert {one.name for one in found} == TERMS.emits


@pytest.mark.parametrize("text", ["rating:explicit", "nude, beach", "rating:explicit, castle"])
def test_a_plain_term_is_no_disguise_of_a_longer_one(text: str) -> None:
    """Read without its comma, `nude, beach` is another listed term: nothing was hidden in it."""
    reading = read(Prompt((Text("prompt", text),), Grammar.V4))

    disguised = [
        finding.score
        for finding in PromptTerms.embedded().classify(reading)
        if finding.name is SignalName.TEXT_DISGUISED and isinstance(finding, Signal)
    ]

    assert disguised == [0.0]


@pytest.mark.parametrize(
    "text",
    [
        "(child:1.2)",
        "[child::0.5]",
        "[a:child:0.5]",
        "[a|child]",
        "[ch|x]ild",
        "chi[ld:a:5]",
        "ch(il:1.1)d",
        "ch<lora:lighthouse:1>ild",
        "a BREAK child",
        "(child:-1)",
    ],
)
def test_the_language_of_self_hosted_engines_hides_no_term(text: str) -> None:
    """What such an engine reads at any of its steps is found."""
    assert TERM in fired(text, grammar=Grammar.WEBUI)


@pytest.mark.parametrize("text", ["(child:-1)", "(child:[-|+]1)"])
def test_a_negative_field_of_theirs_that_turns_asks_for_it(text: str) -> None:
    """A weight below zero asks there for what it names; without one, nothing is asked for."""
    assert TERM in fired(negative(text), grammar=Grammar.WEBUI)
    assert TERM not in fired(negative("(child)"), grammar=Grammar.WEBUI)
