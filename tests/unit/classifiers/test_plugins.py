"""Detectors that an operator installed."""

import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from classifiers import canonical
from classifiers.canonical import Canonical
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.errors import ModelError
from classifiers.hash_bank_set import BankSet
from classifiers.plugins import Pinned, Plugin
from classifiers.signals import Picture, Reason, Signal, SignalName, Unavailable
from pipeline.app import _judge
from pipeline.changes.cards import Cards
from pipeline.errors import SettingsError
from pipeline.settings import first_start, load

ACT = SignalName.IMAGE_SEXUAL_ACT
PLACE = Picture("parameters.image", 3)
DETECTOR = """
from classifiers.signals import Picture, Signal, SignalName, Unavailable, Reason
ACT, DRAWN = SignalName.IMAGE_SEXUAL_ACT, SignalName.IMAGE_MINOR_DRAWN
MASK = SignalName.IMAGE_MASK
HERE = Picture("elsewhere", 9)
def low(name): return Signal(name, 0.25, HERE, "mask@1", "a secret")
class Detector:
    id, emits, answers = "mask@1", frozenset({names}), frozenset()
    def warm(self): pass
    def classify(self, content): return {said}
"""


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, module: str, *, names: str, said: str
) -> Pinned:
    """Lay a distribution where Python looks for one, as an installer does."""
    info = folder / f"{module}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[imprimatur.detectors]\nown = {module}:Detector\n")
    source = DETECTOR.replace("{names}", names).replace("{said}", said)
    (folder / f"{module}.py").write_text(source)
    monkeypatch.syspath_prepend(str(folder))
    return Pinned("own", module, "1.2")


def picture() -> Canonical:
    out = io.BytesIO()
    Image.new("RGB", (32, 32), (9, 9, 200)).save(out, "PNG")
    return canonical.read(Received("parameters.image", 3, Purpose.SOURCE, out.getvalue()))


class TestOpened:
    def test_an_installed_one_looks_and_only_raises(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its scores count; what it names as source, place and evidence does not."""
        pinned = install(tmp_path, monkeypatch, "detector_a", names="[ACT]", said="[low(ACT)]")
        plugin = Plugin.opened(pinned)
        plugin.warm()

        assert plugin.answers == frozenset()
        assert re.fullmatch(r"plugin_own@1\+[0-9a-f]{8}", plugin.id)
        assert plugin.classify(picture()) == [
            Signal(ACT, 0.25, PLACE, plugin.id),
            Unavailable(ACT, PLACE, plugin.id, Reason.NOT_ASSESSED),
        ]

    @pytest.mark.parametrize(
        ("module", "names", "said"),
        [
            ("detector_b", "[ACT]", "[]"),
            ("detector_c", "[ACT]", "[low(DRAWN)]"),
            ("detector_d", "[ACT]", "[low(ACT), 'clean']"),
        ],
    )
    def test_one_that_says_something_else_does_not_warm(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, names: str, said: str
    ) -> None:
        """What keeps no contract at start keeps none when it counts."""
        plugin = Plugin.opened(install(tmp_path, monkeypatch, module, names=names, said=said))

        with pytest.raises(ModelError, match="expected"):
            plugin.warm()

    def test_one_that_would_say_what_lowers_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A picture that is called a mask is not looked at: that is not for a plugin to say."""
        pinned = install(tmp_path, monkeypatch, "detector_e", names="[MASK]", said="[low(MASK)]")

        with pytest.raises(ModelError, match="a detector of some of"):
            Plugin.opened(pinned)

    def test_another_version_or_none_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was reviewed is what runs."""
        install(tmp_path, monkeypatch, "detector_f", names="[ACT]", said="[low(ACT)]")

        with pytest.raises(ModelError, match=r"expected version 1\.3, got '1\.2'"):
            Plugin.opened(Pinned("own", "detector_f", "1.3"))
        with pytest.raises(ModelError, match="to be installed"):
            Plugin.opened(Pinned("own", "detector_that_is_nowhere", "1.2"))
        with pytest.raises(ModelError, match="one entry point"):
            Plugin.opened(Pinned("other", "detector_f", "1.2"))

    def test_one_of_the_settings_looks_in_an_installation(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is installed and named is opened and warmed; twice the same name is a mistake."""
        install(tmp_path, monkeypatch, "detector_g", names="[ACT]", said="[low(ACT)]")
        first_start(tmp_path / "var", bytes)
        named = {"name": "own", "distribution": "detector_g", "version": "1.2"}
        env = {
            "IMPRIMATUR_DEVELOPMENT": "true",
            "IMPRIMATUR_NOVELAI_TOKENS": "pst-" + "a" * 64,
            "IMPRIMATUR_DETECTORS": json.dumps([named]),
        }

        house = load(tmp_path / "var", env)
        judge = _judge(house, BankSet(()), Cards.of(house.pulled))
        judge.close()

        assert any(source.startswith("plugin_own@1+") for source in judge.sources())
        with pytest.raises(SettingsError, match=r"detectors\[1\]\.name: own is there twice"):
            load(tmp_path / "var", env | {"IMPRIMATUR_DETECTORS": json.dumps([named, named])})
