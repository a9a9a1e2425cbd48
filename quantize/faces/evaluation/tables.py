"""The figures as tables of words: the same rows for the report and for the model card."""

from __future__ import annotations

from collections.abc import Sequence

from edge.face.follow import ALIKE, UNLIKE
from quantize.evaluation.tables import Table, number, ranged
from quantize.faces.evaluation.figures import Agreement, Earlier, Figures, Scores, mean_r
from quantize.faces.evaluation.groups import PEOPLE, UNFAIR, Group


def tables(figures: Figures, earlier: Earlier | None = None) -> tuple[Table, ...]:
    """All tables that have rows."""
    made = (
        agreement_table(figures),
        _well_seen(figures),
        _unseen(figures),
        _detection(figures),
        _kinds(figures),
        collapse_table(figures),
        _episodes(figures),
        _descriptor(figures),
        group_table("PSPI error by group", "MAE of PSPI change", figures.pspi_groups, "pspi_groups", earlier),
        group_table(
            "Painless faces that pass for pain, by group", "share", figures.false_groups, "false_groups", earlier
        ),
        _episode_groups(figures),
        _intervals(figures),
        _probability(figures),
        _visible(figures),
    )
    return tuple(table for table in made if table.rows)


def _rows(scores: Scores) -> dict[str, Agreement]:
    return scores.units | {"PSPI": scores.pspi, "PSPI change": scores.change}


def agreement_table(figures: Figures) -> Table:
    """Agreement of every action unit and of PSPI, int8 with intervals and float beside it."""
    rows = []
    plain = _rows(figures.float32) if figures.float32 else {}
    for name, one in _rows(figures.int8).items():
        other = plain.get(name)
        rows.append(
            (
                name,
                ranged(one.r, 3),
                ranged(one.icc, 3),
                ranged(one.mae),
                number(other.r.value, 3) if other else "-",
                number(other.icc.value, 3) if other else "-",
                number(other.mae.value) if other else "-",
            )
        )
    head = ("", "r, int8", "ICC(3,1), int8", "MAE, int8", "r, float", "ICC, float", "MAE, float")
    return Table(
        f"Agreement with the truth: {figures.int8.faces} faces of {figures.int8.identities} people",
        head,
        tuple(rows),
        "PSPI change: against the mean of the same person's other neutral faces, a smile's share out of both. "
        "In brackets: 95 % bootstrap interval over people.",
    )


def _plain_rows(scores: Scores | None) -> tuple[tuple[str, ...], ...]:
    found = _rows(scores) if scores else {}
    return tuple((name, ranged(one.r, 3), ranged(one.icc, 3), ranged(one.mae)) for name, one in found.items())


def _count(scores: Scores | None) -> str:
    return f": {scores.faces} faces of {scores.identities} people" if scores else ""


def _well_seen(figures: Figures) -> Table:
    note = (
        "Those of the faces above whose picture the box counts in full: light, contrast and sharpness are good, and it "
        "says itself that little is hidden. What it sees worse counts for less in the fusion."
    )
    scores = figures.well_seen
    return Table(f"Faces seen well{_count(scores)}", ("", "r", "ICC(3,1)", "MAE"), _plain_rows(scores), note)


def _unseen(figures: Figures) -> Table:
    scores = figures.unseen_sculpt
    note = "The same network, int8, on action units as another sculptor made them; no training picture has them."
    if scores:
        known = number(mean_r(figures.int8), 3)
        note += f" Mean r over action units: {number(mean_r(scores), 3)}, on known sculpts {known}."
    return Table(f"Unseen sculpt{_count(scores)}", ("", "r", "ICC(3,1)", "MAE"), _plain_rows(scores), note)


def _detection(figures: Figures) -> Table:
    columns = [figures.int8, figures.float32, figures.unseen_sculpt]

    def cell(scores: Scores | None, key: str) -> str:
        return ranged(scores.detection[key], 3) if scores else "-"

    rows = tuple((f"PSPI >= {key}", *(cell(scores, key) for scores in columns)) for key in figures.int8.detection)
    return Table(
        "Pain by threshold: AUC of the change", ("", "int8", "float", "unseen sculpt, int8"), rows, "Against the rest."
    )


def _kinds(figures: Figures) -> Table:
    against = figures.int8.pain_against
    rows = tuple(
        (kind, ranged(change), ranged(against[kind], 3) if kind in against else "-")
        for kind, change in figures.int8.by_kind.items()
    )
    return Table(
        "Kinds of face, int8",
        ("kind", "mean change of PSPI", "AUC, pain (PSPI >= 4) against it"),
        rows,
        f"Neutral faces rise {ranged(figures.int8.neutral)} above their own rest on average. Anger, disgust and "
        "squints truly hold action units of pain: PSPI alone cannot part them; the episode filter sees time as well.",
    )


def collapse_table(figures: Figures) -> Table:
    """Guards against a network that says one thing only."""
    plain = figures.float32
    rows = [
        ("effective rank of the readings", number(figures.int8.rank), number(plain.rank) if plain else "-"),
        ("effective rank of the truth", number(figures.int8.true_rank), number(plain.true_rank) if plain else "-"),
    ]
    if figures.hidden_alive is not None:
        alive, whole = figures.hidden_alive
        rows.append(("hidden units that ever answer", f"{alive} of {whole}", ""))
    rows += [
        (f"AUC, {name}", ranged(value, 3), ranged(plain.pairs[name], 3) if plain and name in plain.pairs else "-")
        for name, value in figures.int8.pairs.items()
    ]
    return Table("Guards against collapse", ("", "int8", "float"), tuple(rows))


def _episodes(figures: Figures) -> Table:
    found = figures.episodes
    rows = []
    for row in found.rows if found else ():
        against = found.against.get(row.kind) if found else None
        rows.append(
            (
                row.kind,
                f"{row.tracks} of {row.identities} people, {row.hours:.2f} h",
                ranged(row.found),
                ranged(row.per_hour, 1),
                ranged(against, 3) if against else "-",
            )
        )
    what = "Pain (true PSPI of 4 or more held for two seconds) against all hard negatives: AUC"
    note = f"{what} {ranged(found.against_all, 3)}." if found else ""
    head = ("kind", "tracks", "share with an episode", "episodes per hour of it", "AUC, pain against it")
    return Table("Episodes, from rendered tracks through the box's own filter", head, tuple(rows), note)


def group_table(
    title: str, what: str, groups: Sequence[Group], key: str, earlier: Earlier | None, *, people_only: bool = False
) -> Table:
    """One error by group, with its ratio to the mean over the groups of the axis; before, if an earlier one is given.

    Args:
        title: of the table.
        what: name of the error.
        groups: the rows.
        key: name of this table in an earlier evaluation.
        earlier: that evaluation, or None.
        people_only: leave circumstances (light, pose, things worn) out.
    """
    rows = []
    for group in groups:
        if people_only and group.axis not in PEOPLE:
            continue
        cells = [group.axis, group.name, f"{group.faces} of {group.identities} people", ranged(group.value)]
        cells += [ranged(group.ratio), "over" if group.over else ""]
        if earlier is not None:
            value, ratio = earlier.groups.get((key, group.axis, group.name), (float("nan"), float("nan")))
            cells += [number(value), number(ratio)]
        rows.append(tuple(cells))
    head: tuple[str, ...] = ("axis", "group", "faces", what, "ratio to the mean", f"above {UNFAIR:g}")
    return Table(title, (*head, "before", "ratio before") if earlier is not None else head, tuple(rows))


def _descriptor(figures: Figures) -> Table:
    found = figures.descriptor
    names = ("the same film, later", "another film of the same person", "other people")
    cosines = dict(zip(names, (found.same_film, found.own, found.others), strict=True)) if found else {}
    rows = [
        (
            name,
            str(one.count),
            *(number(value) for value in (one.low, one.middle, one.high)),
            number(one.not_unlike, 3),
            number(one.alike, 3),
        )
        for name, one in cosines.items()
    ]
    head = ("cosine with", "comparisons", "5 %", "50 %", "95 %", f"from {UNLIKE:g} on", f"from {ALIKE:g} on")
    note = (
        f"A face at the patient's place is somebody else's below {UNLIKE:g}; one elsewhere is the patient's from "
        f"{ALIKE:g} on. Another film is in another light and under other things worn."
    )
    if found:
        note += f" AUC of own against other people: {number(found.auc, 3)}."
    return Table("The descriptor, averaged as the box does", head, tuple(rows), note)


def _episode_groups(figures: Figures) -> Table:
    groups = figures.episodes.groups if figures.episodes else ()
    return group_table("False episodes per hour of hard negatives, by group", "per hour", groups, "", None)


def _intervals(figures: Figures) -> Table:
    found = figures.calibration
    rows = [(name, number(value, 3)) for name, value in found.units.items()]
    rows += [
        ("PSPI change, by the table of residuals", number(found.change, 3)),
        ("PSPI, by deviations and visibility", number(found.pspi, 3)),
        ("the same where a part of the face is hidden", number(found.pspi_hidden, 3)),
        ("its width where all is seen, PSPI", number(found.pspi_width)),
        ("its width where a part is hidden, PSPI", number(found.pspi_width_hidden)),
    ]
    return Table("Intervals: share of truths within, 0.9 is aimed at", ("", "share"), tuple(rows))


def _probability(figures: Figures) -> Table:
    bins = figures.calibration.reliability
    rows = tuple((number(one.stated), number(one.found), f"{one.weight:.0%}") for one in bins)
    note = f"Expected calibration error {figures.calibration.ece:.3f}; both classes weigh the same."
    return Table("Probability of pain: stated and found", ("stated", "found", "share of faces"), rows, note)


def _visible(figures: Figures) -> Table:
    rows = tuple((name, number(value, 3)) for name, value in figures.calibration.visible.items() if value == value)
    return Table("Is a part of the face seen: AUC", ("part", "AUC"), rows)
