"""The clips: who does what in each of them, and what it is for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from ambience import Room
from camera import SIZE
from motion import FPS, Act
from speech import Voice
from vocoder import Change

TALK = Act(blinks=24)
ODD = "real, but odd: a false alarm must cost"
QUIET = Act(blinks=16, lively=0.6)
LONG_CRF = 25
"""Clips of 20 s and more are compressed a little more, so that all clips together stay small."""

WINDOW = Room(tone=-57, hum=-78, colour=-4.5, echo=0.12, fade=0.26)
LAMP = Room(tone=-60, hum=-72, colour=-5.5, echo=0.1, fade=0.18)
OFFICE = Room(tone=-55, hum=-66, colour=-3.5, echo=0.14, fade=0.32)
EVENING = Room(tone=-59, hum=-70, colour=-6.0, echo=0.11, fade=0.22)
"""How the four rooms of `room.py` sound: traffic outside, soft furniture, a fan, a quiet flat."""

VOICES = {
    "ana": Voice(Change(202, 1.25, 1.24, first=0.95, tilt=0.5), 1.05, WINDOW),
    "ben": Voice(Change(113, 1.15, 1.03), 1.14, OFFICE),
    "chen": Voice(Change(146, 1.25, 1.18, first=0.93, tilt=1.5), 1.06, LAMP),
    "dalia": Voice(Change(188, 1.05, 1.17, first=1.1, breath=0.05), 1.06, WINDOW),
    "elsa": Voice(Change(150, 1.35, 1.27, tilt=-2.5, breath=0.3, shake=0.3), 1.22, LAMP),
    "frank": Voice(Change(94, 1.2, 0.98, 1.08, tilt=-1.5, breath=0.2, shake=0.2), 1.2, OFFICE),
    "gita": Voice(Change(238, 1.3, 1.31, first=0.98, tilt=1.5), 1.04, EVENING),
    "hugo": Voice(Change(80, 1.0, 0.9, first=0.95, tilt=1.0), 1.12, EVENING),
    "imani": Voice(Change(218, 1.15, 1.17, first=0.93, tilt=-1.5), 1.06, WINDOW),
}

SAYS = {
    "ana": "I always water my plants before breakfast. The basil on the window sill grows so fast "
    "that we eat it every single day.",
    "ben": "Last week I fixed my old bicycle. It needed a new chain and a bit of oil, and now it "
    "moves almost like new.",
    "chen": "On Friday evenings we play board games with the whole family. My brother makes "
    "popcorn, and my aunt usually wins.",
    "dalia": "We took the early bus to the market this morning. I bought five apples, a loaf of "
    "bread, and some honey for my mother.",
    "elsa": "When it rains, I make a big pot of soup. My neighbours can smell it, and often come "
    "over with a bowl.",
    "frank": "I have kept bees for about ten years. They are mostly calm, and in summer they fill "
    "many jars with honey.",
    "gita": "My bus was late again, so I walked. I met a black cat, two dogs, and a very brave "
    "little bird on the way.",
    "hugo": "There is a small bakery at the end of our street. They open at five, and by seven the "
    "best rolls are gone.",
    "imani": "My favourite walk goes along the river. You pass two small bridges, and if you are "
    "lucky you may see a heron by the water.",
}
SAYS_AGAIN = {
    "ana": "My brother plays the piano in a small band. They practise in our basement, and "
    "sometimes I sing a part with them.",
    "ben": "I painted my bedroom blue in May. My mother helped me, and by Sunday both of us "
    "had paint up to our elbows.",
    "chen": "The map showed a path to the beach, but nobody could find it. So we bought some "
    "plums and had a picnic by the pond.",
    "dalia": "My grandmother baked an apple pie each Monday. I still keep her recipe in a blue "
    "paper box by the bread bin.",
    "gita": "I am learning to swim with my best friend. We meet at the pool on Wednesdays, and "
    "jump in before we get too cold.",
    "hugo": "I repair pumps and small machines. Most of them only need a bit of oil, but people "
    "often bring them much too late.",
}
"""What some people say in a second clip of 8 seconds."""
SAYS_TRAINING = {
    "ana": "On Saturday we had a picnic in the park. I brought bread, tomatoes, and a big "
    "pumpkin pie. Paul came by bike, and his map was so old that he got lost twice. After lunch "
    "we played a ball game with some people from the village. Then a storm came up, and we all "
    "ran back to the bus stop, wet but happy.",
    "ben": "I work in a shop that sells lamps, and I like most of my customers. Some of them bring "
    "a picture of their room and ask me what would look best. One man bought nine lamps for a "
    "single bedroom. I thought he was joking, but he came back in March and showed me a photo. It "
    "was bright, and a bit like a small airport.",
    "gita": "My first job was in a museum. I stood by the door, checked the tickets, and told "
    "people where to put their bags. In the evening the rooms were empty, and I could look at the "
    "pictures by myself. My favourite was a painting of a boat in a storm. I looked at it a "
    "hundred times, and always found something new.",
    "hugo": "When I was a boy, we spent every summer on my uncle's farm. We got up before six, fed "
    "the pigs, and picked beans until the sun was too hot. In the afternoon we swam in the pond "
    "behind the barn. At supper there was soup, bread, and butter for everybody. I never "
    "slept better than up there.",
}
"""What some people say for 20 seconds, for a network to learn from."""
SUNDAY = (
    "Let me tell you about my Sunday morning. I get up before the others, open the window, and "
    "listen to the birds. Then I make a pot of coffee and put a few slices of bread in the "
    "toaster. My daughter comes down first. She likes her eggs soft, with a little pepper. After "
    "breakfast we all put on our boots and walk to the lake. We feed the ducks, throw stones into "
    "the water, and talk about the week. When we come home, everyone is hungry again, so we make "
    "pancakes together. It is a simple day, but it is the one I look forward to the most."
)


@dataclass(frozen=True)
class Shot:
    """One clip.

    `people` do what `acts` say; those with a text in `says` speak it, and the first of them may
    hold something (`holds`: 'mug' or 'cheek'). `made_from` names a shot whose pictures are used
    again by another camera: one that compresses more (`crf`) or smooths skin. Pictures are `size`
    pixels, with faces `zoom` times as large as usual. Two people may walk past each other
    (`walks`).
    """

    id: str
    title: str
    purpose: str
    people: tuple[str, ...]
    acts: tuple[Act, ...] = (TALK,)
    says: tuple[str, ...] = ("",)
    seconds: float = 8.0
    holds: str = ""
    made_from: str = ""
    crf: int = 20
    smooth: bool = False
    fps: int = FPS
    size: tuple[int, int] = SIZE
    zoom: float = 1.0
    walks: bool = False

    @property
    def frames(self) -> int:
        """How many."""
        return round(self.seconds * self.fps)

    @property
    def source(self) -> str:
        """The shot whose rendered pictures it consists of."""
        return self.made_from or self.id

    def rng(self, what: str) -> np.random.Generator:
        """Chance that is the same at every run."""
        seed = hashlib.sha256(f"{self.source} {what}".encode()).digest()
        return np.random.default_rng(int.from_bytes(seed[:8], "big"))


def _talk(person: str, who: str, purpose="everything", act=TALK) -> Shot:
    title = f"{person.capitalize()}, {who}, talks to the camera"
    return Shot(f"{person}_talk", title, purpose, (person,), (act,), (SAYS[person],))


def _again(person: str) -> Shot:
    title = f"{person.capitalize()} says something else in the same room"
    purpose = "the same person once more: what a network must not have seen"
    return Shot(f"{person}_again", title, purpose, (person,), (TALK,), (SAYS_AGAIN[person],))


def _training(person: str) -> Shot:
    title = f"{person.capitalize()} talks and turns to both sides, for a network to learn from"
    acts, says = (replace(TALK, turn=20.0),), (SAYS_TRAINING[person],)
    purpose = "footage to train a face swap on"
    return Shot(f"{person}_training", title, purpose, (person,), acts, says, 20.0, crf=LONG_CRF)


def _alone(name: str, person: str, does: str, purpose: str, act: Act, **more) -> Shot:
    title = f"{person.capitalize()} {does}"
    return Shot(f"{person}_{name}", title, purpose, (person,), (act,), **more)


SHOTS: tuple[Shot, ...] = (
    _talk("ana", "a woman with long brown hair"),
    _talk("ben", "a man with cropped hair"),
    _talk("chen", "a young man with black hair"),
    _talk("dalia", "a woman with her hair in a bun"),
    _talk("elsa", "an older woman with grey hair"),
    _talk("frank", "an older man with beard and glasses", "glasses: what breaks measurements"),
    _talk("gita", "a young woman with a ponytail"),
    _talk("hugo", "a man with a beard", act=replace(TALK, blinks=30)),
    _talk("imani", "a woman in a knitted hat"),
    _alone(
        "smile", "gita", "smiles", "a smile narrows the eyes: not a blink",
        replace(QUIET, smile=0.9, blinks=14),
    ),
    _alone(
        "down", "hugo", "looks down", "lowered lids: not a blink",
        replace(QUIET, gaze="down", blinks=10),
    ),
    _alone(
        "aside", "chen", "looks to the sides", "eyes that wander: not a blink",
        replace(QUIET, gaze="aside"),
    ),
    _alone(
        "stare", "dalia", "talks without a single blink", "no blink, and nothing is fake",
        replace(TALK, blinks=0), says=("I counted the steps up to the old tower. There are two "
        "hundred and nine, and the last ten are very narrow.",),
    ),
    _alone(
        "turn", "ana", "turns her head to both sides", "head turned up to 20 degrees",
        replace(QUIET, turn=20.0, blinks=20),
    ),
    _alone(
        "mug", "ben", "lifts a mug to his mouth twice", "what a swap paints over",
        replace(QUIET, lively=0.5), holds="mug",
    ),
    _alone(
        "hand", "dalia", "strokes her cheek", "what a swap paints over",
        replace(QUIET, lively=0.5), holds="cheek",
    ),
    Shot(
        "chen_gita", "Chen talks, Gita listens", "several faces in one picture",
        ("chen", "gita"), (TALK, QUIET), ("We planted three apple trees behind the house, and "
        "this year one of them has fruit.", ""), seconds=6.0,
    ),
    _alone(
        "rare", "imani", "hardly ever blinks", ODD,
        replace(QUIET, blinks=7),
    ),
    Shot(
        "hugo_squeezed", "Hugo talks, strongly compressed", ODD, ("hugo",),
        (replace(TALK, blinks=30),), (SAYS["hugo"],), made_from="hugo_talk", crf=38,
    ),
    Shot(
        "ana_smooth", "Ana talks, through a smoothing filter", ODD, ("ana",),
        says=(SAYS["ana"],), made_from="ana_talk", smooth=True,
    ),
    _alone(
        "reads", "elsa", "reads quietly", "how often people blink: reading",
        Act(gaze="read", blinks=7, lively=0.5), seconds=40.0, crf=LONG_CRF,
    ),
    _alone(
        "long", "ben", "talks for a while", "how often people blink: talking",
        replace(TALK, blinks=22), says=(SUNDAY,), seconds=40.0, crf=LONG_CRF,
    ),
    *map(_again, SAYS_AGAIN),
    *map(_training, SAYS_TRAINING),
    _alone(
        "phone", "elsa", "records herself with a phone held upright",
        "another shape of picture, and another frame rate",
        replace(QUIET, blinks=18), fps=30, size=(480, 854), zoom=1.2,
    ),
    Shot(
        "imani_hugo", "Imani and Hugo walk past each other", "faces that cross: who is who",
        ("imani", "hugo"), (QUIET, QUIET), ("", ""), seconds=6.0, walks=True,
    ),
)  # fmt: skip
