"""What the columns and rows of a transparency report are called in Annex I."""

ALL = "All"
HOSTING = "Only for providers of hosting services, including online platforms"
PLATFORMS = "Only for providers of online platforms"
ELSEWHERE = "Not received through the gateway: to be filled in by the provider."
NOTICED = (
    "As taken by the gateway; of which category they are, and on which basis, is for the provider "
    "to say."
)
OWN = "Number of measures taken at the provider's own initiative"
DETECTED = "Number of measures taken after detection with solely automated means"
RESTRICTIONS = (
    *(
        f"Visibility restriction {each}"
        for each in (
            "Removal",
            "Disable",
            "Demoted",
            "Age restricted",
            "Interaction restricted",
            "Labelled",
            "Other",
        )
    ),
    *(f"Monetary restriction {each}" for each in ("Suspension", "Termination", "Other")),
    *(f"Provision of the service {each}" for each in ("Suspension", "Termination")),
    *(f"Account restriction {each}" for each in ("Suspension", "Termination")),
)
ORDERS = (
    "Number of orders to act against illegal content received",
    (
        "Number of specific items of information included in the total number of orders to act "
        "against illegal content"
    ),
    (
        "Median time to inform the authority of the receipt of the order to act against illegal "
        "content"
    ),
    "Median time to give effect to the order to act against illegal content",
    "Number of orders to provide information",
    "Median time to inform the authority of the receipt of the order to provide information",
    "Median time to give effect to the order to provide information",
)
OF_ITEMS = "Number of specific items of information included in the total number of notices"
BY_LAW = "Number of actions taken on the basis of the law"
BY_TERMS = "Number of actions taken on the basis of the terms and conditions of the service"
FLAGGED = "(Trusted Flagger notices)"
NOTICES = (
    "Number of notices received",
    "Number of notices received from Trusted flaggers",
    OF_ITEMS,
    f"{OF_ITEMS} by Trusted Flaggers {FLAGGED}",
    "Median time to take action",
    f"Median time to take action {FLAGGED}",
    BY_LAW,
    f"{BY_LAW} {FLAGGED}",
    BY_TERMS,
    f"{BY_TERMS} {FLAGGED}",
)
SUBMITTED = "Number of complaints submitted to the internal-complaints mechanism"
ABOUT = "Complaint regarding a decision "
OF_VISIBILITY = f"{ABOUT}to remove or disable access to or restrict visibility of information"
OF_SERVICE = f"{ABOUT}to suspend or terminate the provision of the service"
OTHER_COMPLAINTS = (
    f"{ABOUT}to suspend or terminate an account",
    f"{ABOUT}to restrict the ability to monetise information",
    f"{ABOUT}not to take action on a notice submitted in accordance with Article 16",
    (
        f"{ABOUT}not to take action on a notice submitted by a Trusted Flagger in accordance with "
        "Article 16"
    ),
)
UPHELD, PARTLY, REVERSED = (
    "Decisions upheld",
    "Decisions partially reversed",
    "Decisions reversed",
)
OUTCOMES = ("Total number", UPHELD, PARTLY, REVERSED, "Median time")
DISPUTES = "Number of disputes submitted to out-of-court dispute settlement bodies"
SUSPENSIONS = "Number of suspensions enacted for the provision of manifestly "
SOLELY = "Number of measures solely taken by automated means"
NOT_SOLELY = "Number of measures not taken by automated means"
FIGURES = ("Accuracy", "Precision", "Recall")
TEXTS = (
    "Summary of the content moderation engaged in at the providers’ own initiative",  # noqa: RUF001 - as the template has it
    (
        "Meaningful and comprehensible information regarding content moderation engaged in at the "
        "providers' own initiative"
    ),
    "Qualitative description of the automated means",
    (
        "Qualitative description of indicators of accuracy and possible rate of error of automated "
        "means"
    ),
    "Specification of the precise purposes to apply automated means",
    "Safeguards applied to the use of automated means",
)
LONG = (
    "Applicability",
    "Service",
    "Reporting period",
    "Section",
    "Indicator",
    "Scope",
    "Value",
    "Contextual Information",
)
ACCURACY = "Accuracy of the automated means - "
OF_NOTICES = (
    "Number of notices solely processed by automated means",
    "Number of notices not processed by automated means",
    *(ACCURACY + each for each in FIGURES),
)
NAMES = (
    "Category label",
    "Category description",
    "Category of illegal content / incompatible with the terms and conditions",
    "Contextual information",
)
WORDED = "Described from their labels; the official wording is that of Annex I."
VERY_LARGE = "Only for VLOPs"
SEARCH_TOO = "Only for VLOPs and VLOSEs"
HUMAN = "Human resources dedicated to content moderation"
MODERATORS = (
    "Number of internal moderators employed by the provider",
    "Number of external moderators contracted by the provider",
)
LINGUISTS = "Number of total moderators with sufficient linguistic expertise"
RECIPIENTS = "Number of average monthly active recipients during the reporting period"
LANGUAGES = (
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr", "hu", "it", "lt", "lv",
    "mt", "nl", "pl", "pt", "ro", "sk", "sl", "sv",
)  # fmt: skip
"""The official ones of the Union."""
MEMBER_STATES = (
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV",
    "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE",
)  # fmt: skip
