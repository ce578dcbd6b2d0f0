"""Pulse: a drawn heartbeat is found, a lamp is not taken for one, and noise has a pulse as well."""

import numpy as np
import pytest
from framewise import pulse

SKIN = np.array([180.0, 120, 100])
BLOOD = np.array([0.3, 1.0, 0.5])  # green is absorbed most


def beating(per_minute, *, fps=25.0, seconds=12, strength=0.005):
    times = np.arange(round(seconds * fps)) / fps
    wave = np.sin(2 * np.pi * per_minute / 60 * times)
    return SKIN * (1 + strength * wave[:, None] * BLOOD), times


@pytest.mark.parametrize("fps", [15, 25, 59.94])
@pytest.mark.parametrize("per_minute", [50, 72, 150])
def test_a_drawn_pulse_is_found_at_every_frame_rate(per_minute, fps):
    found = pulse.find_pulse(*beating(per_minute, fps=fps))
    assert found.per_minute == pytest.approx(per_minute, abs=2)
    assert found.share > 0.8


def test_a_lamp_that_changes_all_colours_alike_is_not_taken_for_a_heart():
    colours, times = beating(72)
    lamp = 1 + 0.05 * np.sin(2 * np.pi * 2.0 * times)[:, None]  # ten times as strong
    assert pulse.find_pulse(colours * lamp, times).per_minute == pytest.approx(72, abs=3)


def test_the_signal_does_not_depend_on_the_brightness():
    colours, times = beating(72)
    one, two = (pulse.pulse_signal(k * colours, times) for k in (1, 0.3))
    np.testing.assert_allclose(one, two, atol=1e-9)


def test_noise_has_a_pulse_too():
    """Whatever is measured, the answer lies in the band."""
    rng, times = np.random.default_rng(0), np.arange(200) / 25
    rates = [
        pulse.find_pulse(SKIN + rng.normal(0, 1, (200, 3)), times).per_minute for _ in range(20)
    ]
    assert min(rates) >= 42 and max(rates) <= 240 and np.ptp(rates) > 60


def test_the_power_is_a_share():
    found = pulse.find_pulse(*beating(72))
    assert found.power.sum() == pytest.approx(1)
    assert found.frequencies[found.power.argmax()] == found.per_minute
    assert found.frequencies.min() >= 42 and found.frequencies.max() <= 240


def test_the_longest_stretch_is_used():
    colours, times = beating(90, seconds=20)
    colours[:100] = SKIN + np.random.default_rng(1).normal(0, 9, (100, 3))
    colours[100] = np.nan
    assert pulse.find_pulse(colours, times).per_minute == pytest.approx(90, abs=2)


@pytest.mark.parametrize("seconds", [0.04, 1, 4.9])
def test_too_short_a_clip_has_no_answer(seconds):
    found = pulse.find_pulse(*beating(72, seconds=seconds))
    assert np.isnan(found.per_minute) and np.isnan(found.share) and not len(found.power)


def test_what_was_never_seen_and_what_never_changes_has_no_answer():
    times = np.arange(200) / 25
    assert np.isnan(pulse.find_pulse(np.full((200, 3), np.nan), times).per_minute)
    assert np.isnan(pulse.find_pulse(np.full((200, 3), 100.0), times).per_minute)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"expected \(200, 3\), got \(200,\)"):
        pulse.find_pulse(np.zeros(200), np.arange(200) / 25)
    with pytest.raises(ValueError, match="without NaN"):
        pulse.pulse_signal(np.full((200, 3), np.nan), np.arange(200) / 25)
    with pytest.raises(ValueError, match="more than 1.6 s"):
        pulse.pulse_signal(np.ones((10, 3)), np.arange(10) / 25)
