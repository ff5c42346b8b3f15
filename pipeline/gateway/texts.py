"""The public texts, in the languages of `texts.yaml`."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from pipeline.items import PublicCode

FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Texts:
    """One sentence for each public code, in each language."""

    by_language: dict[str, dict[PublicCode, str]]

    @classmethod
    def read(cls, path: Path) -> "Texts":
        """Read the texts.

        Raises:
            ValueError: a language lacks a code, or names one that does not exist.
        """
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        by_language = {
            language: {PublicCode(code): text for code, text in texts.items()}
            for language, texts in raw.items()
        }
        for language, texts in by_language.items():
            if set(texts) != set(PublicCode):
                message = f"{path.name}: {language}: expected a text for each public code"
                raise ValueError(message)
        return cls(by_language)

    def say(self, code: PublicCode, wanted: str) -> str:
        """Return the text of a code in the first language of `wanted` (an Accept-Language)."""
        for part in wanted.split(",")[:10]:
            language = part.split(";")[0].strip().lower().split("-")[0]
            if language in self.by_language:
                return self.by_language[language][code]
        return self.by_language[FALLBACK][code]
