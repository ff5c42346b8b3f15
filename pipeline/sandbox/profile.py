"""What the `/user/*` routes say about an account; old and new keys together (section 1.9)."""

from collections.abc import Mapping

from pipeline.sandbox.accounts import END_OF_TIME, Standing

Told = Mapping[str, object]
_SECONDS_PER_PERCENT = 7_855  # the meter refills about 11 % a day


def subscription(standing: Standing) -> Told:
    """The account's plan, perks, Anlas and V5 meter."""
    return {
        "tier": standing.account.tier,
        "active": standing.account.active,
        "isGracePeriod": False,
        "isPaypal": False,
        "expiresAt": END_OF_TIME,
        "accountType": 0,
        "paymentProcessor": None,
        "paymentProcessorData": None,
        "perks": _perks(standing),
        "trainingStepsLeft": {
            "fixedTrainingStepsLeft": standing.balance,
            "purchasedTrainingSteps": 0,
        },
        "usage": {
            "percent": round(standing.usage_percent, 2),
            "isNegative": standing.usage_percent < 0,
            "timeUntilNextPercent": _SECONDS_PER_PERCENT,
        },
    }


def everything(standing: Standing) -> Told:
    """What `/user/data` says."""
    return {
        "priority": priority(),
        "subscription": subscription(standing),
        "keystore": {"keystore": None, "changeIndex": 0},
        "settings": "{}",
        "information": information(),
    }


def information() -> Told:
    """Facts about the account's holder, who does not exist."""
    return {
        "emailVerified": True,
        "emailVerificationLetterSent": True,
        "hasPlaintextEmail": False,
        "plainTextEmail": None,
        "allowMarketingEmails": False,
        "needsAddressChange": False,
        "trialActivated": False,
        "trialActionsLeft": 0,
        "trialImagesLeft": 0,
        "accountCreatedAt": 0,
        "banStatus": "not_banned",
        "banMessage": "",
        "loginMethod": "email",
    }


def priority() -> Told:
    """The account's place in line."""
    return {"maxPriorityActions": 1000, "nextRefillAt": END_OF_TIME, "taskPriority": 10}


def _perks(standing: Standing) -> Told:
    resolutions = ((4_194_304, 0), (1_048_576, 1)) if standing.is_opus else ()
    return {
        "maxPriorityActions": 1000,
        "startPriority": 10,
        "contextTokens": 8192,
        "unlimitedMaxPriority": standing.is_opus,
        "moduleTrainingSteps": 10_000,
        "voiceGeneration": True,
        "imageGeneration": True,
        "unlimitedImageGeneration": standing.is_opus,
        "unlimitedImageGenerationLimits": [
            {"resolution": resolution, "maxPrompts": most} for resolution, most in resolutions
        ],
    }
