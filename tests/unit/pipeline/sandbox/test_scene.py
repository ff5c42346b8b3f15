import numpy as np
import pytest

from pipeline.sandbox import scene


class TestDraw:
    @pytest.mark.parametrize(("width", "height"), [(64, 64), (832, 1216), (1024, 64), (64, 1024)])
    def test_a_scene_has_the_size_asked_for(self, width: int, height: int) -> None:
        """A gateway compares the size with what was paid for."""
        drawn = scene.draw(3, width, height)

        assert drawn.shape == (height, width, 3)
        assert drawn.dtype == np.uint8

    def test_the_same_seed_draws_the_same_scene(self) -> None:
        """Tests and benchmarks repeat; so must the pictures."""
        assert np.array_equal(scene.draw(11, 128, 192), scene.draw(11, 128, 192))

    def test_another_seed_draws_another_scene(self) -> None:
        """A batch of samples is a batch of different pictures, also to a perceptual hash."""
        scenes = {scene.draw(seed, 64, 64).tobytes() for seed in range(20)}

        assert len(scenes) == 20

    def test_a_scene_is_more_than_one_colour(self) -> None:
        """An empty canvas would let a classifier pass that sees nothing."""
        drawn = scene.draw(2, 128, 192)

        assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 20
