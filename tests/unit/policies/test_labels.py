from policies.decision import Action
from policies.labels import HarmCode

SPECIFIED = {
    "CSE.PHOTO",
    "CSE.REAL",
    "CSE.KNOWN",
    "CSE.DRAWN",
    "CSE.TEXT",
    "CSE.SUGGEST",
    "CSE.ENTICE",
    "MINOR.BENIGN",
    "NCII.REAL",
    "NCII.NUDIFY",
    "NCII.KNOWN",
    "SEX.EXPLICIT",
    "SEX.NUDITY",
    "SEX.SUGGESTIVE",
    "SEX.NONCON",
    "SEX.ANIMAL",
    "SEX.INCEST",
    "SEX.NECRO",
    "SEX.EXTREME",
    "VIO.GORE",
    "VIO.TORTURE",
    "VIO.INCITE",
    "HATE.SYMBOL",
    "HATE.DEHUMANISE",
    "TERR.CONTENT",
    "SELF.HARM",
    "SELF.ED",
    "WEAP.CBRNE",
    "CRIME.OTHER",
    "PRIV.PII",
    "IMP.PERSON",
    "DEF.PERSON",
    "CIVIC.DECEPT",
    "IP.CHARACTER",
    "IP.MARK",
    "ABUSE.EVASION",
    "ABUSE.SPAM",
    "OK",
    "UNKNOWN",
}
OURS = {"TEXT.UNREADABLE", "TEXT.LANGUAGE", "AGE.CLAIM", "CAPABILITY"}


def test_every_code_of_the_label_set_is_there_and_no_other() -> None:
    """The codes are in the log and in reports: the list is a contract."""
    assert set(HarmCode) == {*SPECIFIED, *OURS}


def test_severity_puts_children_first_and_ok_last() -> None:
    """The primary code decides who may see and release an item."""
    ranked = sorted(HarmCode, key=lambda code: code.severity, reverse=True)

    families = [code.family for code in ranked]
    assert set(families[:7]) == {"CSE"}
    assert "CSE" not in families[7:]
    assert ranked[-2:] == [HarmCode.UNKNOWN, HarmCode.OK]


def test_each_action_is_stricter_than_the_one_before() -> None:
    """The order of the words is the order of the deeds."""
    assert list(Action) == ["allow", "label", "hold", "block", "block_and_escalate"]
    assert [action.severity for action in Action] == [0, 1, 2, 3, 4]
