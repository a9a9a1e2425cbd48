"""The figures as tables of words."""

from __future__ import annotations

import math

from quantize.biosignal.evaluation.figures import Band, Figures, Separation, Subset
from quantize.evaluation.bootstrap import Value
from quantize.evaluation.tables import Table, number, ranged


def tables(figures: Figures) -> tuple[Table, ...]:
    """All tables that have rows."""
    made = (
        _separation(figures),
        _decision(figures),
        _alarms(figures),
        _bands(figures),
        _persons(figures),
        _rated(figures),
        *_reactions(figures),
        _detected(figures),
        _truth(figures),
        _decomposed(figures),
        _peers(figures),
    )
    return tuple(table for table in made if table.rows)


def _optional(value: Value | None, digits: int = 3) -> str:
    return ranged(value, digits) if value is not None else "-"


def _pooled(separation: Separation | None) -> str:
    return ranged(separation.pooled, 3) if separation is not None else "-"


def _share(value: Value) -> str:
    """A share in per cent, with its interval."""
    low, high = 100 * value.low, 100 * value.high
    return ranged(Value(100 * value.value, low, high), 0) + " %" if math.isfinite(value.value) else "-"


def _separation(figures: Figures) -> Table:
    def row(one: Subset) -> tuple[str, ...]:
        low, median, high = (number(value) for value in one.int8.quartiles)
        return (
            one.name,
            _pooled(one.int8),
            ranged(one.int8.within, 3),
            f"{median} ({low}, {high})",
            _pooled(one.float32),
            _optional(one.lost),
            _pooled(one.yardstick),
            _optional(one.gained),
            f"{one.int8.seconds:.0%}",
        )

    return Table(
        f"Aroused against calm seconds: {figures.people} people, {figures.seconds:,} seconds, {figures.aroused:.0%} of "
        "them aroused",
        (
            "",
            "AUC pooled, int8",
            "AUC within a person, mean",
            "median (quartiles)",
            "pooled, float",
            "float - int8",
            "pooled, yardstick",
            "int8 - yardstick",
            "seconds scored",
        ),
        tuple(row(one) for one in figures.subsets),
        "In brackets: 95 % bootstrap interval over people. Yardstick: a logistic regression on the mean of the same "
        "features over the same half minute.",
    )


def _decision(figures: Figures) -> Table:
    rows = tuple(
        (one.name, ranged(one.balanced), ranged(one.sensitivity), ranged(one.specificity), ranged(one.ece, 3))
        for one in figures.subsets
    )
    head = ("", "balanced accuracy", "sensitivity", "specificity", "expected calibration error")
    note = "At even odds of the calibrated score (probability 0.5); for the calibration error both classes weigh alike."
    return Table("Decisions and probabilities, int8", head, rows, note)


def _alarms(figures: Figures) -> Table:
    rows = tuple(
        (one.name, ranged(one.false_per_hour), f"{one.calm_hours:.1f}", _share(one.found), str(one.spans))
        for one in figures.subsets
    )
    head = ("", "false alarms per calm hour", "calm hours", "aroused spans with an alarm", "spans")
    note = (
        "Through the box's own alarm table with the delays it is delivered with: the mode's threshold must be passed "
        "for ten seconds; evidence of poor quality weighs less. False is an alarm that begins in a calm second, also "
        "the one that comes just after arousal. Nobody acknowledges."
    )
    return Table("Alarms of the wristband alone, int8", head, rows, note)


def _range(band: Band) -> str:
    return f"{band.low:g} to {band.high:g}"


def _bands(figures: Figures) -> Table:
    rows = tuple(
        (one.name, _range(band), ranged(band.pooled, 3), ranged(band.balanced), f"{band.seconds:.0%}")
        for one in figures.subsets
        for band in one.bands
    )
    head = ("", "signal quality", "AUC pooled", "balanced accuracy", "of the scored seconds")
    note = (
        "Quality is the mean of the newest ten seconds; of two signals the lower one. Below 0.3 the box sets it aside."
    )
    return Table("By signal quality, int8", head, rows, note)


def _persons(figures: Figures) -> Table:
    names = [one.name for one in figures.subsets]
    sources = list(dict.fromkeys(source for person in figures.persons for source in person.quality if source != "hr"))
    rows = tuple(
        (
            person.name,
            str(person.seconds),
            f"{person.aroused:.0%}" if math.isfinite(person.aroused) else "-",
            *(number(person.areas[name]) for name in names),
            *(number(person.quality.get(source, float("nan"))) for source in sources),
        )
        for person in figures.persons
    )
    head = ("", "seconds", "aroused", *(f"AUC, {name}" for name in names), *(f"quality, {one}" for one in sources))
    return Table("Person by person, int8", head, rows if figures.subsets else ())


def _rated(figures: Figures) -> Table:
    rows = tuple(
        (
            one.kind,
            "yes" if one.accelerometer else "no",
            number(one.beats_f1, 3),
            f"{one.good:.1%}",
            f"{one.right:.1%}" if math.isfinite(one.right) else "-",
            number(one.mae_bpm),
            f"{one.seconds:,}",
        )
        for one in figures.rated
    )
    head = ("", "accelerometer", "F1 of beats", "rated 0.8 or more", "of these right", "MAE, bpm", "seconds")
    note = (
        "Right: within 5 bpm of the true beats of the same eight seconds; a second without a pulse that is rated good "
        "is wrong. Stress-Predict has no electrocardiogram: the band's own intervals are those that it did not doubt, "
        "and its heart-rate column is an average over about a minute that goes on through movement. Seconds of the "
        "people on whom the quality was fitted are rows of their own."
    )
    return Table("Heart rate, and what its signal quality is worth", head, rows, note)


def _decomposed(figures: Figures) -> Table:
    rows = tuple(
        (
            one.kind,
            one.method,
            number(one.late_s, 1),
            number(one.tonic_r, 3),
            number(one.tonic_off_us, 3),
            number(one.phasic_r, 3),
            number(one.ms_per_minute, 1),
        )
        for one in figures.decomposed
    )
    head = (
        "generated",
        "method",
        "late by, s",
        "r of the level",
        "level off by, µS",
        "r of the responses",
        "ms per minute of signal",
    )
    note = "cvxEDA sees the whole recording at once; the stream sees the past only."
    return Table("Skin conductance in level and responses, against the truth", head, rows, note)


def _reactions(figures: Figures) -> tuple[Table, ...]:
    made = []
    for one in figures.reactions:
        limits = list(one.levels[0].above)
        rows = tuple(
            (
                level.name,
                f"{level.events} of {level.people} people",
                ranged(level.mean_us, 3),
                *(_share(level.above[limit]) for limit in limits),
                ranged(level.against_calm) if level is not one.levels[0] else "-",
            )
            for level in one.levels
        )
        head = ("", "stimuli", "mean, µS", *(f"above {limit} µS" for limit in limits), "AUC against the calmest")
        made.append(Table(f"Skin conductance responses: {one.name}", head, rows, " ".join(one.notes)))
    return tuple(made)


def _detected(figures: Figures) -> Table:
    rows = tuple(
        (
            one.name,
            str(one.events),
            f"{one.expected:.0%}",
            f"{one.found:.0%}",
            f"{one.bias_us:+.3f}" if math.isfinite(one.bias_us) else "-",
            number(one.false_per_min),
        )
        for one in figures.detected
    )
    head = (
        "heights of",
        "responses",
        "as large as the detector asks",
        "counted",
        "amplitude off by, µS",
        "false per min",
    )
    note = (
        "Responses of the measured heights laid on a wristband's level with its noise and drift, at 4 Hz. Counted may "
        "exceed what is large enough by the noise that lies on top of a response."
    )
    return Table("What the SCR detector makes of responses of these heights", head, rows, note)


def _truth(figures: Figures) -> Table:
    rows = tuple(
        (
            one.case,
            one.tool,
            number(one.f1, 3),
            number(one.rate_mae_bpm, 1),
            number(one.scr_f1, 3),
            number(one.scr_per_min, 1),
            number(one.true_scr_per_min, 1),
            f"{one.gave_up} of {one.recordings}",
        )
        for one in figures.truth
    )
    head = (
        "generated",
        "detector",
        "F1 of beats",
        "heart rate off by, bpm",
        "F1 of SCRs",
        "SCRs per min",
        "truly",
        "gave up",
    )
    note = (
        "Beats within 0.1 s and responses within 1 s after each tool's constant offset is taken out; heart rate over "
        "pieces of ten seconds. Where samples are missing the other packages see a straight line. Recordings on which "
        "a package raised an error are counted and are in none of its other figures. Small responses drown in noise."
    )
    return Table("Generated signals, where the truth is known", head, rows, note)


def _peers(figures: Figures) -> Table:
    rows = tuple(
        (
            one.tool,
            one.quality,
            str(one.pieces),
            ranged(one.f1, 3),
            ranged(one.rate_mae_bpm, 1),
            number(one.scr_per_min, 1),
            number(one.own_scr_per_min, 1),
            str(one.gave_up) if one.quality == "all" else "",
        )
        for one in figures.peers
        if one.pieces or math.isfinite(one.scr_per_min)
    )
    head = (
        "",
        "signal quality",
        "pieces of 10 s",
        "F1 of beats",
        "heart rates apart, bpm",
        "SCRs per min",
        "Anodyne's",
        "gave up on",
    )
    note = "Two tools that agree may both be wrong; two that disagree cannot both be right."
    return Table("Agreement with other packages on the same recordings", head, rows, note)
