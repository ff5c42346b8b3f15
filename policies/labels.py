"""What a harm is called: stable dotted codes, worst first.

The order is the order of severity: of several codes with the same action, the first listed is the
primary one. Codes are part of the log, so none is ever renamed or used for something else.
"""

from enum import StrEnum


class HarmCode(StrEnum):
    """Every code that a rule may name, worst first."""

    CSE_REAL = "CSE.REAL"
    CSE_KNOWN = "CSE.KNOWN"
    CSE_PHOTO = "CSE.PHOTO"
    CSE_DRAWN = "CSE.DRAWN"
    CSE_ENTICE = "CSE.ENTICE"
    CSE_TEXT = "CSE.TEXT"
    CSE_SUGGEST = "CSE.SUGGEST"
    NCII_KNOWN = "NCII.KNOWN"
    NCII_NUDIFY = "NCII.NUDIFY"
    NCII_REAL = "NCII.REAL"
    TERR_CONTENT = "TERR.CONTENT"
    WEAP_CBRNE = "WEAP.CBRNE"
    SEX_EXTREME = "SEX.EXTREME"
    SEX_NONCON = "SEX.NONCON"
    SEX_ANIMAL = "SEX.ANIMAL"
    SEX_NECRO = "SEX.NECRO"
    SEX_INCEST = "SEX.INCEST"
    VIO_INCITE = "VIO.INCITE"
    VIO_TORTURE = "VIO.TORTURE"
    HATE_DEHUMANISE = "HATE.DEHUMANISE"
    HATE_SYMBOL = "HATE.SYMBOL"
    SELF_HARM = "SELF.HARM"
    SELF_ED = "SELF.ED"
    CRIME_OTHER = "CRIME.OTHER"
    MINOR_BENIGN = "MINOR.BENIGN"
    SEX_EXPLICIT = "SEX.EXPLICIT"
    SEX_NUDITY = "SEX.NUDITY"
    SEX_SUGGESTIVE = "SEX.SUGGESTIVE"
    VIO_GORE = "VIO.GORE"
    PRIV_PII = "PRIV.PII"
    IMP_PERSON = "IMP.PERSON"
    DEF_PERSON = "DEF.PERSON"
    CIVIC_DECEPT = "CIVIC.DECEPT"
    IP_CHARACTER = "IP.CHARACTER"
    IP_MARK = "IP.MARK"
    ABUSE_EVASION = "ABUSE.EVASION"
    ABUSE_SPAM = "ABUSE.SPAM"
    TEXT_UNREADABLE = "TEXT.UNREADABLE"
    """A text that no view made readable, so that nobody could judge it."""
    TEXT_LANGUAGE = "TEXT.LANGUAGE"
    """A text in a language that is not read here, or not well enough for what is asked."""
    AGE_CLAIM = "AGE.CLAIM"
    """Lawful for adults, and nothing says that an adult asks."""
    CAPABILITY = "CAPABILITY"
    """This installation has no detector for a question that must be answered."""
    UNKNOWN = "UNKNOWN"
    """Somebody could not look."""
    OK = "OK"

    @property
    def severity(self) -> int:
        """Greater is worse; no two codes are alike."""
        return len(HarmCode) - list(HarmCode).index(self)

    @property
    def family(self) -> str:
        """The part before the first dot: `CSE`, `NCII`, `SEX`."""
        return self.value.partition(".")[0]
