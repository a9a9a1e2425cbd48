"""All figures of one evaluation in one frozen value: what the report, the card and `--json` are made of."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path

from quantize.evaluation import plain
from quantize.evaluation.bootstrap import Value
from quantize.evaluation.calibration import Bin
from quantize.faces.evaluation.groups import Group

FORMAT = "anodyne-face-figures-1"
"""Name of the JSON layout; changes whenever a field changes its meaning."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Readings against truth: Pearson r, ICC(3,1) and mean absolute error, and on how many faces."""

    r: Value
    icc: Value
    mae: Value
    faces: int


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of one network on one set of faces.

    Attributes:
        faces, identities: how many.
        units: action unit (and the unions "AU6|7", "AU9|10") to agreement; those that were coded.
        pspi: agreement of PSPI itself.
        change: agreement of the change of PSPI against the person's own rest, a smile's share out.
        detection: "1", "2", "3", "4": AUC of the change at true PSPI from there on.
        pain_against: kind to AUC of pain (true PSPI >= 4) against it, by change.
        by_kind: kind to mean change.
        neutral: mean rise of neutral faces above their own rest (falls count 0).
        pairs: cross-class pair to AUC.
        rank, true_rank: effective rank of the readings and of the truth.
    """

    faces: int
    identities: int
    units: dict[str, Agreement]
    pspi: Agreement
    change: Agreement
    detection: dict[str, Value]
    pain_against: dict[str, Value]
    by_kind: dict[str, Value]
    neutral: Value
    pairs: dict[str, Value]
    rank: float
    true_rank: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether intervals and probabilities hold; 0.9 is aimed at for every share.

    Attributes:
        units: action unit to share of truths within 1.645 stated deviations.
        change: share of true changes within the interval of the table of residuals.
        pspi: share of true PSPI within the interval that the box makes of deviations and visibility.
        pspi_hidden: the same where a part of the face is hidden.
        pspi_width, pspi_width_hidden: mean width of that interval where all is seen and where a part is hidden.
        reliability: stated against found probability of pain.
        ece: expected calibration error.
        visible: region to AUC of its visibility.
    """

    units: dict[str, float]
    change: float
    pspi: float
    pspi_hidden: float
    pspi_width: float
    pspi_width_hidden: float
    reliability: tuple[Bin, ...]
    ece: float
    visible: dict[str, float]


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """What the episode filter made of the tracks of one kind.

    Attributes:
        kind: of expression.
        tracks, identities: how many.
        hours: of track.
        found: share of tracks with an episode.
        per_hour: episodes per hour of track.
    """

    kind: str
    tracks: int
    identities: int
    hours: float
    found: Value
    per_hour: Value


@dataclass(frozen=True, slots=True)
class Episodes:
    """From tracks to episodes.

    Attributes:
        rows: one per kind; for kinds of no pain every episode is a false one.
        against_all: AUC of the highest probability in a track, pain against all hard negatives; pain is a true PSPI of
            4 or more held for two seconds.
        against: kind to the same against it alone.
        groups: false episodes per hour of hard negatives, by group.
    """

    rows: tuple[EpisodeRow, ...]
    against_all: Value
    against: dict[str, Value]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Cosines:
    """Cosines between descriptors.

    Attributes:
        count: of comparisons.
        low, middle, high: 5th, 50th and 95th percentile.
        not_unlike, alike: share from `edge.face.follow.UNLIKE` and from `ALIKE` on.
    """

    count: int
    low: float
    middle: float
    high: float
    not_unlike: float
    alike: float


@dataclass(frozen=True, slots=True)
class Descriptor:
    """How well the descriptor tells people apart.

    Attributes:
        same_film: the end of a film against the whole of it.
        own: another film of the same person, in other light and under other things worn.
        others: films of other people.
        auc: own against others.
    """

    same_film: Cosines
    own: Cosines
    others: Cosines
    auc: float


@dataclass(frozen=True, slots=True)
class Figures:
    """One evaluation.

    Attributes:
        format: `FORMAT`.
        name: of the faces that were measured on.
        notes: what must be known to read the figures.
        seed, rounds: of the bootstrap.
        int8: the exported network, which the box runs.
        float32: the same network before it was quantised; None where it was not measured.
        unseen_sculpt: int8 on faces of a sculpt that was not trained on; None where there are none.
        well_seen: int8 on faces that the box itself counts in full (`measure.well_seen`); None where there are none.
        pspi_groups: mean absolute error of PSPI by group, int8.
        false_groups: share of faces without pain whose change passes half of `PAIN_PSPI`, by group, int8.
        calibration: int8.
        episodes: None where no tracks were read.
        hidden_alive: how many of the hidden units ever answer, and how many there are; None where unknown.
        descriptor: None where no tracks were read.
    """

    format: str
    name: str
    notes: tuple[str, ...]
    seed: int
    rounds: int
    int8: Scores
    float32: Scores | None
    unseen_sculpt: Scores | None
    well_seen: Scores | None
    pspi_groups: tuple[Group, ...]
    false_groups: tuple[Group, ...]
    calibration: Calibration
    episodes: Episodes | None
    hidden_alive: tuple[int, int] | None
    descriptor: Descriptor | None

    @property
    def unfair(self) -> tuple[Group, ...]:
        """The groups that the network is too much worse for."""
        episodes = self.episodes.groups if self.episodes else ()
        return tuple(group for group in (*self.pspi_groups, *self.false_groups, *episodes) if group.over)


def as_json(figures: Figures) -> str:
    """The figures as JSON; what could not be measured is null."""
    return plain.as_json(dataclasses.asdict(figures))


def mean_r(scores: Scores) -> float:
    """Mean Pearson r over the single action units that have one."""
    found = [one.r.value for name, one in scores.units.items() if "|" not in name and math.isfinite(one.r.value)]
    return sum(found) / len(found) if found else float("nan")


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a card or a report compares with: group to (error, ratio) of an earlier evaluation, by table and axis."""

    groups: dict[tuple[str, str, str], tuple[float, float]]


def read_earlier(path: Path) -> Earlier:
    """Group figures of an earlier evaluation's JSON.

    Raises:
        ValueError: the file holds no figures of this layout.
    """
    stored = json.loads(path.read_text())
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise ValueError(f"{path} holds no face figures of the layout {FORMAT}")
    found: dict[tuple[str, str, str], tuple[float, float]] = {}
    for table in ("pspi_groups", "false_groups"):
        for row in stored[table]:
            value, ratio = (row[key]["value"] for key in ("value", "ratio"))
            nan = float("nan")
            found[table, row["axis"], row["name"]] = (nan if value is None else value, nan if ratio is None else ratio)
    return Earlier(found)
