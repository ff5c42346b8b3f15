import pytest

from classifiers.prompt_heads import Head
from classifiers.training.prompts.hints import measured_by, said
from classifiers.training.prompts.rows import Row


def row(source: str, text: str, label: int | None = None) -> Row:
    labels = {Head.HATE: 0} if label is None else {Head.HATE: 0, Head.MINOR_PRESENT: label}
    return Row(source, "group", text, labels)


class TestSaid:
    @pytest.mark.parametrize(
        ("source", "text", "before", "after"),
        [
            ("tags_young", "loli, red hat", 1, 1),
            ("tags_young", "loli, school uniform", 1, None),
            ("tags_harmless", "multiple girls, siblings", None, 0),
            ("tags_harmless", "1girl, school uniform", None, None),
            ("tags_harmless", "1girl, student", None, None),
            ("coco", "a baby elephant at a river", 1, 0),
            ("coco", "a child with a baby elephant", 1, 1),
            ("coco", "a girl at a river", None, None),
            ("coco", "a man at a river", 0, 0),
        ],
    )
    def test_only_what_shows_a_child_counts(
        self, source: str, text: str, before: int | None, after: int | None
    ) -> None:
        """Hints that are seen on one side only are taken for the thing itself."""
        found = said(row(source, text, before))

        assert found.labels.get(Head.MINOR_PRESENT) == after
        assert found.labels[Head.HATE] == 0


class TestMeasuredBy:
    @pytest.mark.parametrize(
        ("source", "text", "expected"),
        [
            ("tags_harmless", "1girl, bikini, red hat", None),
            ("tags_harmless", "1girl, red hat", 0),
            ("coco", "a woman in a bikini", 0),
        ],
    )
    def test_unlabelled_undress_sets_no_threshold(
        self, source: str, text: str, expected: int | None
    ) -> None:
        """What a person might call suggestive is no false alarm."""
        found = measured_by(Row(source, "group", text, {Head.SEXUAL: 0}))

        assert found.labels.get(Head.SEXUAL) == expected
