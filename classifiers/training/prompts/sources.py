"""Reads the files that carry labels, each in its own terms; silence stays silence.

A prompt of one category may well be of a neighbouring one too: `_NEIGHBOURS` are left unsaid. Of
other heads a labelled prompt counts as an example against.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from classifiers.prompt_heads import HEADS, Head
from classifiers.training.prompts.lexicons import is_minor, is_sexual, is_suggestive, is_youthful
from classifiers.training.prompts.rows import HARMS, Kind, Row, safe

Labels = Mapping[Head, int]

_VIOLENT: Final = frozenset(
    {Head.GORE_VIOLENCE, Head.ILLEGAL, Head.SELF_HARM, Head.HARASSMENT, Head.HATE}
)
_NEIGHBOURS: Final[Mapping[Head, frozenset[Head]]] = {
    Head.SEXUAL: frozenset({Head.NONCONSENT, Head.HARASSMENT}),
    Head.NONCONSENT: frozenset({Head.SEXUAL}) | _VIOLENT,
    Head.GORE_VIOLENCE: _VIOLENT,
    Head.ILLEGAL: frozenset({Head.GORE_VIOLENCE, Head.HARASSMENT}),
    Head.SELF_HARM: frozenset({Head.GORE_VIOLENCE}),
    Head.HARASSMENT: frozenset({Head.HATE, Head.GORE_VIOLENCE, Head.ILLEGAL, Head.NONCONSENT}),
    Head.HATE: frozenset({Head.HARASSMENT, Head.GORE_VIOLENCE}),
}
_FORCED: Final = re.compile(
    r"\b(?:rap(?:e|ed|es|ing|ist|ists)|molest\w*|grop\w*|sexual(?:ly)? (?:assault|abus)\w*"
    r"|non.?consen\w*|against (?:her|his|their) will|without (?:her|his|their) consent"
    r"|forced? (?:sex|herself|himself)"
    r"|upskirt|voyeur\w*|drugged|revenge porn)\b"
)
_BEAST: Final = re.compile(r"\b(?:bestiality|beastiality|zoophil\w*)\b")


def harm(text: str, *heads: Head) -> dict[Head, int]:
    """Return labels of a text whose source names it `heads`."""
    unsaid = {near for head in heads for near in _NEIGHBOURS.get(head, frozenset())}
    labels = {head: 0 for head in HARMS if head not in unsaid}
    if is_suggestive(text):
        labels.pop(Head.SEXUAL, None)
    if Head.SEXUAL in heads:
        labels[Head.NONCONSENT] = int(_FORCED.search(text.lower()) is not None)
    if _BEAST.search(text.lower()):
        labels[Head.ANIMAL] = 1
    return with_age(text, labels | dict.fromkeys(heads, 1))


def harmless(text: str, *unsaid: Head) -> dict[Head, int]:
    """Return labels of a text that its source finds harmless, `unsaid` heads aside."""
    labels = {head: value for head, value in safe().items() if head not in unsaid}
    if is_sexual(text):
        labels.pop(Head.SEXUAL, None)
    return with_age(text, labels)


def with_age(text: str, labels: Labels) -> dict[Head, int]:
    """Say whether somebody young is there, unless the text is sexual: the two are learned apart."""
    known = dict(labels)
    if known.get(Head.SEXUAL) or known.get(Head.NONCONSENT) or is_suggestive(text):
        known.pop(Head.MINOR_PRESENT, None)
    elif is_minor(text):
        known[Head.MINOR_PRESENT] = 1
        known.pop(Head.SEXUAL, None)
    elif not is_youthful(text):
        known[Head.MINOR_PRESENT] = 0
    return known


_COPRO: Final = {
    "Hate": Head.HATE,
    "sexual": Head.SEXUAL,
    "Violence": Head.GORE_VIOLENCE,
    "Shocking": Head.GORE_VIOLENCE,
    "Illegal Activity": Head.ILLEGAL,
    "Harrasment": Head.HARASSMENT,
    "self-harm": Head.SELF_HARM,
}


def coprov2(folder: Path) -> Iterator[Row]:
    """Read pairs of an unsafe prompt (`u_`) and a safe one (`s_`) in the same style."""
    for row in _csv(folder / "coprov2_train.csv"):
        text, (half, _, number, _) = row["prompt"], row["image"].split("_")
        head = _COPRO[row["category"]]
        labels = harm(text, head) if half == "u" else harmless(text)
        yield Row("coprov2", f"coprov2/{head}/{number}", text, labels, Kind.PAIRED)


_NIBBLER: Final = {
    "image_failure_sexual": Head.SEXUAL,
    "image_failure_violent": Head.GORE_VIOLENCE,
    "image_failure_hate": Head.HATE,
}
_MOST: Final = 3
_NOBODY: Final = 0


def nibbler(folder: Path) -> Iterator[Row]:
    """Read prompts that five people each judged: the failure seen in the image names the head.

    Three of five make a label and none of five its absence; what lies between is left unsaid. The
    text's own safety decides which texts count at all: of one that most find safe, nothing is said.
    """
    for name in ("round1_train", "round1_dev", "round3"):
        known = json.loads((folder / "nibbler" / f"{name}.json").read_text("utf-8"))
        for key, text in known["prompt"].items():
            raters = [json.loads(one) for one in known["validation"].get(key) or ()]
            labels = _nibbled(text, raters)
            doubtful = is_minor(text) and any(_saw_sex(rater) for rater in raters)
            if labels and not doubtful:
                yield Row("nibbler", f"nibbler/{text.casefold().strip()}", text, labels)


def _saw_sex(rater: Mapping[str, Any]) -> bool:
    return "image_failure_sexual" in rater["image_failure_type"]


def _nibbled(text: str, raters: list[dict[str, Any]]) -> dict[Head, int]:
    unsafe = sum("text_unsafe" in rater["text_safety_validation"] for rater in raters)
    seen = {
        head: sum(failure in rater["image_failure_type"] for rater in raters)
        for failure, head in _NIBBLER.items()
    }
    labels = {head: 0 for head, votes in seen.items() if votes == _NOBODY}
    if unsafe >= _MOST:
        labels |= {head: 1 for head, votes in seen.items() if votes >= _MOST}
    return with_age(text, labels) if labels else {}


def hatemoji(folder: Path) -> Iterator[Row]:
    """Read hateful and harmless messages with emoji; an original and its change are one group."""
    for name in ("train", "validation"):
        for row in _csv(folder / f"hatemoji_{name}.csv"):
            pair = sorted({row["entry_id"], row["matched_id"] or row["entry_id"]})
            hateful = row["label_gold"] == "1"
            text = row["text"]
            labels = harm(text, Head.HATE) if hateful else harmless(text, Head.HARASSMENT)
            yield Row("hatemoji", f"hatemoji/{pair[0]}", text, labels)


_TWEET: Final = re.compile(r"&#?\w+;|https?://\S+|\bRT\b|@\w+:?|\s+")


def davidson(folder: Path) -> Iterator[Row]:
    """Read tweets: hate, offensive (which is not hate, nor harassment for sure) and neither."""
    for row in _csv(folder / "davidson.csv"):
        text = _TWEET.sub(" ", row["tweet"]).strip()
        match row["class"]:
            case "0":
                labels = harm(text, Head.HATE)
            case "1":
                labels = {Head.HATE: 0, Head.SELF_HARM: 0, Head.ANIMAL: 0}
            case _:
                labels = harmless(text)
        yield Row("davidson", f"davidson/{row['']}", text, labels)


def surge(folder: Path) -> Iterator[Row]:
    """Read comments: a toxic one is harassment, and perhaps hate."""
    for number, row in enumerate(_csv(folder / "surge_toxicity_en.csv")):
        text = row["text"]
        toxic = row["is_toxic"] == "Toxic"
        labels = harm(text, Head.HARASSMENT) if toxic else harmless(text)
        yield Row("surge", f"surge/{number}", text, labels)


_HAZARDS: Final = {
    "sxc_prn": (Head.SEXUAL,),
    "src": (Head.NONCONSENT,),
    "hte": (Head.HATE,),
    "ssh": (Head.SELF_HARM,),
    "ncr": (Head.ILLEGAL,),
    "iwp": (Head.ILLEGAL,),
    "vcr": (Head.GORE_VIOLENCE,),
}


def ailuminate(folder: Path) -> Iterator[Row]:
    """Read questions to a language model by hazard; those without a head here are left out."""
    for row in _csv(folder / "ailuminate_half_en.csv"):
        heads = _HAZARDS.get(row["hazard"])
        text = row["prompt_text"]
        if heads:
            yield Row("ailuminate", f"ailuminate/{row['prompt_hash']}", text, harm(text, *heads))


_QUESTIONS: Final = {
    "Illegal Activity": Head.ILLEGAL,
    "Malware Viruses": Head.ILLEGAL,
    "Fraud/Deception": Head.ILLEGAL,
    "Adult Content": Head.SEXUAL,
    "Racial or ethnic hate": Head.HATE,
    "Religious intolerance": Head.HATE,
    "Cyberbullying": Head.HARASSMENT,
    "Doxxing": Head.HARASSMENT,
    "Self-harm": Head.SELF_HARM,
    "Assault and battery": Head.GORE_VIOLENCE,
    "Weapon making": Head.ILLEGAL,
    "Terrorism and extremism": Head.GORE_VIOLENCE,
}


def catqa(folder: Path) -> Iterator[Row]:
    """Read harmful questions by category; those without a head here are left out."""
    known = json.loads((folder / "catqa_english.json").read_text("utf-8"))
    for category, parts in known.items():
        for part, questions in parts.items():
            head = _QUESTIONS.get(part) or _QUESTIONS.get(category)
            for number, text in enumerate(questions if head else ()):
                yield Row("catqa", f"catqa/{part}/{number}", text, harm(text, head or HEADS[0]))


def _csv(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
