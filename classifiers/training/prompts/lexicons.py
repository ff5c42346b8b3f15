# ruff: noqa: E501  # lists of words are easier to review as tables than as single lines
"""Crude lists, on purpose: what they both find in one text is no text to learn from.

They label too: whether somebody young is in a harmless caption, and what a tag is about. They are
kept apart from the terms that are served, so that a better gate does not change the training data.
"""

import re
from typing import Final


def _words(*listed: str) -> re.Pattern[str]:
    """Match any of the words, as words; `_` in a text counts as a space."""
    return re.compile(r"(?<![a-z0-9])(?:" + "|".join(" ".join(listed).split()) + r")(?![a-z])")


_SEXUAL: Final = _words(
    r"nude\w* naked nsfw nudit\w* topless bottomless pre.?cum cleft.of.venus presenting nipple\w* areola\w* puss(?:y|ies) penis\w* cocks?",
    r"dicks? vagina\w* vulva\w* clit\w* anus anal anally labia testicle\w* scrotum genital\w*",
    r"femdom maledom sex sexual\w* sexe?d sexting sexy sexier sexiest porn\w* erotic\w* hentai ecchi xxx",
    r"cum cum(?:drip|shot|dump|ming|med)\w* semen sperm ejaculat\w* orgasm\w* masturbat\w* fellat\w*",
    r"cunniling\w* anilingus blow.?jobs? hand.?jobs? foot.?jobs? butt.?jobs? tit.?(?:job|fuck)s?",
    r"paizuri irrumatio deep.?throat\w* fuck\w* horny arous\w* erections? boners? dildos? vibrators?",
    r"bdsm bondage shibari futa\w* ahegao creampie\w* bukkake gang.?bang\w* orgy orgies threesomes?",
    r"foursomes? missionary doggy.?style girl.on.top cowgirl.position reverse.cowgirl reverse.upright",
    r"standing.split suspended.congress mating.press full.nelson spitroast double.penetration",
    r"penetrat\w* insertion \w+.insertion fingering tribadism scissoring frottage intercourse coitus",
    r"copulat\w* fornicat\w* rap(?:e|ed|es|ing|ist|ists) molest\w* grop\w* bestiality zoophil\w* incest\w*",
    r"strip.?(?:per|pers|tease|club|ping|ped) undress\w* lingerie upskirt pubic \w*hymen defloration",
    r"prostitut\w* escorts? hookers? whores? sluts? slutt\w* brothel\w* milfs? fetish\w* kink\w* kinky",
    r"seduc\w* sensual\w* lewd lust\w* voluptuous busty nympho\w* dominatrix submissive slaves?",
    r"spread.(?:legs|puss\w*|ass|anus) pussy.juice cameltoe no.(?:panties|bra|pants) sideboob underboob",
    r"breasts?.out breast.(?:grab|suck\w*|press|smother|squeeze|sucking) nursing.handjob lactat\w*",
    r"virgin\w* condoms? bordello camgirl onlyfans rating.explicit rating.questionable phallic\w*",
    r"tentacle.sex x.ray.(?:penis|vagina) glory.?hole facesitting face.sitting teabag\w* rimming",
    r"clothed.sex after.sex sex\w+ \w+sex just.the.tip milking.machine chikan netorare yaoi.sex",
    r"lolicon\w* shotacon\w* pedo\w* paedo\w* groom(?:ing|ed|er) abus\w+.child\w*",
)
_SUGGESTIVE: Final = _words(
    r"breasts? boobs? tits? titt\w* cleavage chest bust pant(?:y|ies) pantyshot underwear bras? bralette",
    r"thongs? g.string ass asses butts? buttocks butt.crack oppai on(?:ee|ii).?(?:shotas?|lolis?) groin crotch micro.bikini bikinis? swimsuit\w* swimwear",
    r"leotards? garter\w* thighs? thigh\w* zettai.ryouiki midriff navel armpits? see.through transparent",
    r"wet.\w+ torn.\w+ open.(?:shirt|clothes|dress|jacket|fly|kimono|robe) \w+.(?:lift|pull|aside|slip)",
    r"shirtless bare.\w+ kiss\w* makeout flirt\w* heels? licking saliva drool\w* tongue.out suck\w*",
    r"heavy.breathing straddl\w* bent.over all.fours on.(?:back|stomach|bed) bed beds bedroom bath\w*",
    r"shower\w* hetero yuri yaoi bara tentacles? restrained tied.up collar leash rope gag\w* blindfold\w*",
    r"bulge pectorals skin.?tight covering.privates convenient.censoring censor\w* \w*censor\w* uncensored",
    r"embarrassed full.face.blush sweat sweat(?:y|ing) steaming playboy\w* bunny.?suit maebari pasties skimpy revealing",
    r"body.?suit tan.?lines hips curvy plump strap\w* undone unbutton\w* unzip\w* massage\w* spank\w*",
    r"harem hot romantic romance intimate lovers? wives mistress\w* body.writing bound bound.\w+ interracial interspecies \w+.focus",
    r"arched.back taut.\w+ bodystocking legs.apart naughty\w* grabbing\w* imminent\w* between.legs lap",
)
_MINOR: Final = _words(
    r"child children childs childish kids? kiddo\w* toddlers? infants? bab(?:y|ies) newborns? teen teens",
    r"teenage\w* teenager\w* tween\w* preteen\w* adolescen\w* underage\w* minors? juvenile\w* youngsters?",
    r"lolis? shotas? lolita lolicon\w* shotacon\w* school.?(?:girl|boy|kid|child|children)s? kiddie\w*",
    r"(?:little|young|small|tiny).?(?:girl|boy|sister|brother|one|daughter|son|lady|lad|kid)s?",
    r"kindergart\w* preschool\w* elementary middle.school\w* junior.high\w* high.?school\w* grade.school\w*",
    r"primary.school\w* nursery daycare randoseru aged.down age.regression mesugaki pedo\w* paedo\w*",
    r"(?:[1-9]|1[0-7]).?(?:yo|y\.o\.?|yrs?|years?).?(?:olds?)? aged?.(?:[1-9]|1[0-7]) youths? orphans?",
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve).?years?.?olds? boy.?scouts?",
    r"(?:thirteen|fourteen|fifteen|sixteen|seventeen).?years?.?olds? girl.?scouts? cub.?scouts?",
    r"cribs? strollers? diapers? pacifiers?",
)
_YOUTHFUL: Final = _words(
    r"girls? boys? lads? lass\w* young younger youngest youthful student\w* school\w* classroom\w* uniforms?",
    r"daughters? sons? niece\w* nephew\w* sisters? brothers? siblings? twins? family families parents?",
    r"mothers? fathers? mom dad mommy daddy serafuku buruma sailor\w* gym.\w+ petite flat.chest flat",
    r"small.breasts tiny small mini\w* chibi age.difference height.difference onee.?\w* onii.?\w* puberty",
    r"otoko.no.ko lolita.fashion college teacher\w* stuffed.\w+ teddy\w* toys? backpack\w* playground\w*",
    r"innocent innocence cute coed\w* tutor\w* virgin\w* imouto otouto minigirl bloomers pinafore pigtails?",
    r"twintails? low.twintails \w*_school\w* ribbon.trimmed.socks babysit\w* crayons? lollipop\w* kawaii",
)
"""Words that say nothing by themselves, but that are kept from every sexual text all the same."""
_SCHOOL: Final = _words(
    r"school\w* \w*school student\w* uniforms? serafuku buruma gym.\w+ classroom\w* college teacher\w* tutor",
    r"petite flat.chest flat young younger youngest youthful puberty pinafore bloomers boy girl lads? lass\w*",
    r"son sons daughter\w* imouto otouto otoko.no.ko innocent innocence age.difference babysit\w* playground\w*",
)
"""Of the words that might hint at youth, those that do so in any company."""
_BABY_ANIMAL: Final = re.compile(
    r"\bbab(?:y|ies)(?:'s)? (?:\w+ )?(?:elephants?|giraffes?|zebras?|bears?|cows?|calf|calves|sheep|"
    r"goats?|animals?|birds?|ducks?|ducklings?|horses?|lambs?|cats?|kittens?|dogs?|pupp\w+|polar|"
    r"breath|blue|pink|grand|carrots?|corn|spinach|tomato\w*|monkeys?|swans?|geese|panda\w*)\b"
)
_COUNT_TAG: Final = re.compile(r"\b[1-6]\+?(?:girls?|boys?|others?)\b")


def spelled(text: str) -> str:
    """Return `text` as the lists match it."""
    return text.casefold().replace("_", " ")


def is_sexual(text: str) -> bool:
    """Whether a word of sex or nudity stands in `text`."""
    return _SEXUAL.search(spelled(text)) is not None


def is_suggestive(text: str) -> bool:
    """Whether a word stands in `text` that might be sexual in other company."""
    return is_sexual(text) or _SUGGESTIVE.search(spelled(text)) is not None


def is_minor(text: str) -> bool:
    """Whether a word of childhood or an age under 18 stands in `text`."""
    return _MINOR.search(spelled(text)) is not None


def shows_minor(text: str) -> bool:
    """Whether somebody young is in a harmless text: young animals and vegetables aside."""
    return is_minor(_BABY_ANIMAL.sub(" ", spelled(text)))


def is_youthful(text: str) -> bool:
    """Whether anything in `text` might hint at youth; tags that count people do not."""
    words = _COUNT_TAG.sub(" ", spelled(text))
    return is_minor(words) or _YOUTHFUL.search(words) is not None


def is_forbidden(text: str, *, labelled_sexual: bool = False, labelled_minor: bool = False) -> bool:
    """Whether both lists fire on `text`, or a list meets what its source says of it."""
    minor = labelled_minor or is_minor(text)
    sexual = labelled_sexual or is_sexual(text)
    return (minor and sexual) or (labelled_sexual and is_youthful(text))


def is_doubtful(text: str) -> bool:
    """Whether a sexual word meets any hint at youth in `text`, be it ever so slight."""
    return is_sexual(text) and is_youthful(text)


def is_of_school(text: str) -> bool:
    """Whether a word of school or youth stands in `text`, words of childhood aside."""
    return _SCHOOL.search(_MINOR.sub(" ", _COUNT_TAG.sub(" ", spelled(text)))) is not None
