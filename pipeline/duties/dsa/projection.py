"""What each harm is called in the DSA's Transparency Database (data schema of 1 July 2025)."""

from collections.abc import Mapping
from dataclasses import dataclass

from policies.labels import HarmCode

VERSION = "2026-11-23"


@dataclass(frozen=True, slots=True)
class Row:
    """A category and its keywords, without their prefixes."""

    category: str
    keywords: tuple[str, ...]


_MINORS, _TERMS = "PROTECTION_OF_MINORS", "OTHER_VIOLATION_TC"
_ADULT = Row(_TERMS, ("ADULT_SEXUAL_MATERIAL",))
_OTHER_TERMS = Row(_TERMS, ("OTHER",))
_ABUSE_MATERIAL = "CHILD_SEXUAL_ABUSE_MATERIAL"
_DEEPFAKE = "NON_CONSENSUAL_MATERIAL_DEEPFAKE"

PROJECTION: Mapping[HarmCode, Row | None] = {
    HarmCode.CSE_REAL: Row(_MINORS, (_ABUSE_MATERIAL, f"{_ABUSE_MATERIAL}_DEEPFAKE")),
    HarmCode.CSE_KNOWN: Row(_MINORS, (_ABUSE_MATERIAL,)),
    HarmCode.CSE_PHOTO: Row(_MINORS, (_ABUSE_MATERIAL, f"{_ABUSE_MATERIAL}_DEEPFAKE")),
    HarmCode.CSE_DRAWN: Row(_MINORS, ("OTHER",)),
    HarmCode.CSE_ENTICE: Row(_MINORS, ("GROOMING_SEXUAL_ENTICEMENT_MINORS",)),
    HarmCode.CSE_TEXT: Row(_MINORS, ("OTHER",)),
    HarmCode.CSE_SUGGEST: Row(_MINORS, ("OTHER",)),
    HarmCode.NCII_KNOWN: Row("CYBER_VIOLENCE", ("NON_CONSENSUAL_IMAGE_SHARING",)),
    HarmCode.NCII_NUDIFY: Row("CYBER_VIOLENCE", (_DEEPFAKE,)),
    HarmCode.NCII_REAL: Row("CYBER_VIOLENCE", (_DEEPFAKE,)),
    HarmCode.TERR_CONTENT: Row("RISK_FOR_PUBLIC_SECURITY", ("TERRORIST_CONTENT",)),
    HarmCode.WEAP_CBRNE: Row("UNSAFE_AND_PROHIBITED_PRODUCTS", ("PROHIBITED_PRODUCTS",)),
    HarmCode.SEX_EXTREME: _ADULT,
    HarmCode.SEX_NONCON: _ADULT,
    HarmCode.SEX_ANIMAL: Row("ANIMAL_WELFARE", ("ANIMAL_HARM",)),
    HarmCode.SEX_NECRO: _ADULT,
    HarmCode.SEX_INCEST: _ADULT,
    HarmCode.VIO_INCITE: Row("VIOLENCE", ("INCITEMENT_VIOLENCE_HATRED",)),
    HarmCode.VIO_TORTURE: Row("VIOLENCE", ("OTHER",)),
    HarmCode.HATE_DEHUMANISE: Row("ILLEGAL_OR_HARMFUL_SPEECH", ("HATE_SPEECH",)),
    HarmCode.HATE_SYMBOL: Row("ILLEGAL_OR_HARMFUL_SPEECH", ("HATE_SPEECH",)),
    HarmCode.SELF_HARM: Row("SELF_HARM", ("SELF_MUTILATION", "SUICIDE")),
    HarmCode.SELF_ED: Row("SELF_HARM", ("CONTENT_PROMOTING_EATING_DISORDERS",)),
    HarmCode.CRIME_OTHER: _OTHER_TERMS,
    HarmCode.MINOR_BENIGN: Row(_MINORS, ("AGE_SPECIFIC_RESTRICTIONS_MINORS",)),
    HarmCode.SEX_EXPLICIT: _ADULT,
    HarmCode.SEX_NUDITY: Row(_TERMS, ("NUDITY",)),
    HarmCode.SEX_SUGGESTIVE: _ADULT,
    HarmCode.VIO_GORE: Row("VIOLENCE", ("OTHER",)),
    HarmCode.PRIV_PII: Row("DATA_PROTECTION_AND_PRIVACY_VIOLATIONS", ("OTHER",)),
    HarmCode.IMP_PERSON: Row("SCAMS_AND_FRAUD", ("IMPERSONATION_ACCOUNT_HIJACKING",)),
    HarmCode.DEF_PERSON: Row("ILLEGAL_OR_HARMFUL_SPEECH", ("DEFAMATION",)),
    HarmCode.CIVIC_DECEPT: Row(
        "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS", ("MISINFORMATION_DISINFORMATION",)
    ),
    HarmCode.IP_CHARACTER: Row("INTELLECTUAL_PROPERTY_INFRINGEMENTS", ("COPYRIGHT_INFRINGEMENT",)),
    HarmCode.IP_MARK: Row("INTELLECTUAL_PROPERTY_INFRINGEMENTS", ("TRADEMARK_INFRINGEMENT",)),
    HarmCode.ABUSE_EVASION: _OTHER_TERMS,
    HarmCode.ABUSE_SPAM: _OTHER_TERMS,
    HarmCode.TEXT_UNREADABLE: None,
    HarmCode.TEXT_LANGUAGE: Row(_TERMS, ("LANGUAGE_REQUIREMENTS",)),
    HarmCode.AGE_CLAIM: Row(_TERMS, ("AGE_SPECIFIC_RESTRICTIONS",)),
    HarmCode.CAPABILITY: None,
    HarmCode.UNKNOWN: None,
    HarmCode.OK: None,
}
"""Total. None is no decision about content: nobody could look, or nothing was found."""
