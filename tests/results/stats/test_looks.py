"""Asked whether a difference is more than 5%, after every block: how often the answer is wrong; seeds fixed.

tests/studies/more_than.py says how many blocks it takes.
"""

import numpy as np
import pytest
from looks import MOST, NOISES, Noise, answers, blocks_of_precision

DRAWS = 2_000
ASKED = np.log1p(0.05)


@pytest.mark.parametrize("spread", [0.01, 0.03])
@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_looking_after_every_block_is_paid_for(noise: Noise, spread: float) -> None:
    rng = np.random.default_rng(3)
    values, aa = (spread * noise(rng, (DRAWS, MOST)) for _ in range(2))
    unchanged, exactly, twice = (answers(values - shift, aa, 0.05) for shift in (0.0, ASKED, 2 * ASKED))
    assert unchanged.share("slower") + unchanged.share("faster") <= 0.001
    assert exactly.share("slower") + exactly.share("same") <= 0.05
    assert exactly.share("faster") == 0
    assert unchanged.share("same") >= 0.97
    assert twice.share("slower") >= 0.97
    assert unchanged.blocks.mean() <= 0.45 * blocks_of_precision(values).mean()


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_the_noises_are_alike_but_for_their_shape(noise: Noise) -> None:
    values = noise(np.random.default_rng(4), (20_000, 20))
    assert values.mean() == pytest.approx(0, abs=0.01)
    assert values.std() == pytest.approx(1, rel=0.05)


def test_the_blocks_that_a_half_width_of_one_percent_takes() -> None:
    values = np.array([[0.0] * 30, [-0.2, 0.2] * 15])
    assert blocks_of_precision(values).tolist() == [10, 30]
    assert blocks_of_precision(values[:, :8]).tolist() == [8, 8]
