from collections.abc import Sequence
from contextlib import suppress
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.errors import TermsError
from classifiers.normalise import read
from classifiers.prompt_terms import PromptTerms
from classifiers.signals import Signal, SignalName
from classifiers.term_pack import MOST_BYTES, TermPack, laid_on, parse
from classifiers.vocabulary import TermList, Vocabulary, load

HEAD = "id,list,mode,text\n"
WORD = "zonkwort"


def pack(*rows: str) -> TermPack:
    return parse("partner", "d" * 64, (HEAD + "".join(f"{row}\n" for row in rows)).encode())


@pytest.fixture(scope="module")
def shipped() -> Vocabulary:
    return load(files("classifiers") / "terms")


@pytest.fixture(scope="module")
def reader(shipped: Vocabulary) -> PromptTerms:
    return PromptTerms(laid_on(shipped, [pack(f"7,nudity,word,{WORD}", "8,adult,word,blivetal")]))


def found(reader: PromptTerms, text: str, polarity: Polarity = Polarity.POSITIVE) -> set[str]:
    prompt = Prompt((Text("input", text, polarity),), Grammar.V4)
    return {
        f"{one.name} {one.evidence}"
        for one in reader.classify(read(prompt))
        if isinstance(one, Signal) and one.score > 0
    }


def test_a_term_speaks_for_the_list_that_it_names(reader: PromptTerms) -> None:
    """Policies know signals, and need not know of packs."""
    assert found(reader, f"1girl, {WORD}, night") == {
        f"{SignalName.TEXT_SEXUAL_NUDITY} term:pack.partner.7"
    }


@pytest.mark.parametrize(
    "text",
    [
        "z o n k w o r t",
        "z0nkw0rt",
        "z.o.n.k.w.o.r.t",
        "em9ua3dvcnQ=",
        "".join(chr(ord(letter) + 0xFEE0) for letter in WORD),
    ],
    ids=["spaced", "leet", "dotted", "base64", "full width"],
)
def test_a_term_is_found_in_disguise(text: str, reader: PromptTerms) -> None:
    """A pack is as hard to get around as the lists that ship."""
    assert f"{SignalName.TEXT_SEXUAL_NUDITY} term:pack.partner.7" in found(reader, text)


def test_a_word_of_maturity_counts_where_it_is_asked_not_to_appear(reader: PromptTerms) -> None:
    """Its list means the same in a pack as anywhere else."""
    assert found(reader, "blivetal") == set()
    assert found(reader, "blivetal", Polarity.NEGATIVE) == {
        f"{SignalName.TEXT_MINOR_NEGATED} term:pack.partner.8"
    }


def test_what_ships_is_found_beside_it(reader: PromptTerms, shipped: Vocabulary) -> None:
    """A pack only ever adds."""
    without = PromptTerms(shipped)

    for text in ("1girl, toddler", "a lighthouse at dawn", "school uniform, smile"):
        assert found(reader, text) == found(without, text)


def test_the_id_of_the_classifier_tells_which_packs_it_has(shipped: Vocabulary) -> None:
    """Whoever reads the log knows what was looked for, and not which words."""
    one, other = pack("1,gore,word,alpha"), pack("1,gore,word,beta")
    renamed = TermPack("partner", "e" * 64, other.terms)

    ids = {PromptTerms(laid_on(shipped, packs)).id for packs in ([], [one], [renamed])}

    assert len(ids) == 3
    assert laid_on(shipped, []) is shipped


def test_a_known_text_may_hold_a_term_of_a_pack(shipped: Vocabulary) -> None:
    """Operators do not know by which text a classifier tries itself, and must not have to."""
    PromptTerms(laid_on(shipped, [pack("1,gore,word,lighthouse")])).warm()


def test_it_tells_ids_and_counts_and_never_a_text() -> None:
    """What somebody prints to see what a pack is must not be the pack."""
    made = pack(f"7,nudity,word,{WORD}", "a-1,gore,prefix,quuxel", "9,nudity,substring,frobni")

    assert made.counts == {"gore": 1, "nudity": 2}
    assert made.ids(TermList.NUDITY) == ("7", "9")
    assert WORD not in repr(made)


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([f"1,nosuch,word,{WORD}"], 2),
        ([f"1,gore,somehow,{WORD}"], 2),
        (["1,gore,word,"], 2),
        (["1,gore,word,---"], 2),
        ([f"1,gore,word,{WORD}", f"1,gore,word,{WORD}x"], 3),
        ([f"{WORD},gore,word,{WORD}"], 2),
        ([f"two words,gore,word,{WORD}"], 2),
        ([f"1,gore,word,{WORD},more"], 2),
        ([f"{WORD}"], 2),
        ([f'1,gore,word,"{WORD}'], 2),
        ([f"1,gore,word,{WORD}\x00"], 2),
        ([], 2),
    ],
    ids=[
        "no such list",
        "no such mode",
        "no text",
        "no letters",
        "an id twice",
        "an id that tells the text",
        "an id with a space",
        "a cell too many",
        "a text alone",
        "an open quote",
        "a NUL",
        "no term",
    ],
)
def test_a_row_that_is_wrong_is_told_by_its_line(rows: Sequence[str], line: int) -> None:
    """A message ends up in a log, and the words must not."""
    with pytest.raises(TermsError, match=f"line {line}: expected") as caught:
        pack(*rows)

    assert WORD not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [b"", b"text\nzonkwort\n", b"\xff\xfe", HEAD.encode() + b"x" * MOST_BYTES],
    ids=["nothing", "other columns", "no UTF-8", "too much"],
)
def test_what_is_no_pack_is_refused(data: bytes) -> None:
    """Whatever is not read whole is not used in part."""
    with pytest.raises(TermsError, match="line 1: expected"):
        parse("partner", "", data)


def test_a_byte_order_mark_and_blank_lines_are_left_out() -> None:
    """Spreadsheets write them."""
    data = b"\xef\xbb\xbf" + HEAD.encode() + b"\r\n1,gore,word,alpha\r\n\r\n"

    assert len(parse("partner", "", data).terms) == 1


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    """A file is bad input like any other."""
    for given_bytes in (data, HEAD.encode() + data):
        with suppress(TermsError):
            assert parse("partner", "", given_bytes).terms


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(TermList)),
            st.sampled_from(["word", "prefix", "substring"]),
            st.from_regex(r"[a-z]{2,12}( [a-z]{2,12})?", fullmatch=True),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_every_good_row_becomes_a_term(rows: list[tuple[TermList, str, str]]) -> None:
    """Nothing is lost on the way, and nothing joins."""
    made = pack(*(f"{at},{name},{mode},{text}" for at, (name, mode, text) in enumerate(rows)))

    assert {(one.id, one.mode.value, next(iter(one.lists))) for one in made.terms} == {
        (f"pack.partner.{at}", mode, name) for at, (name, mode, _) in enumerate(rows)
    }
