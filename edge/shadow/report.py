"""The report of a shadow run, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edge.bundles.pointer import Shadowing
from edge.shadow.tally import Burden, Tally, conditions

_QUANTILES = (0.5, 0.95, 1.0)
"""Of the difference of the scores."""


def figures(tally: Tally, declared: Shadowing | None) -> dict[str, object]:
    """Everything in one object.

    Args:
        tally: what was counted.
        declared: what was asked for; None where that is not known any more.
    """
    return {
        "old": tally.old,
        "new": tally.new,
        "state": None if declared is None else declared.state,
        "why": "" if declared is None else declared.why,
        "declared_s": None if declared is None else declared.seconds,
        "watched_s": round(tally.seconds, 1),
        "ticks": tally.ticks,
        "scored_ticks": tally.scored,
        "same_verdict": _rounded(tally.same_verdict, 4),
        "verdicts": tally.verdicts,
        "score_bias": _rounded(tally.bias, 3),
        "score_difference": {f"p{100 * share:g}": tally.difference(share) for share in _QUANTILES},
        "score_correlation": _rounded(tally.correlation, 4),
        "pain": {"old": _pain(tally.old_burden), "new": _pain(tally.new_burden)},
        "burden": {
            str(one): {"old": _burden(tally, tally.old_burden, one), "new": _burden(tally, tally.new_burden, one)}
            for one in conditions(tally.old_burden, tally.new_burden)
        },
        "cost": cost(tally),
    }


def cost(tally: Tally) -> dict[str, float | int | None]:
    """What it took: share of one core, share of the daemon, pictures left out."""
    spent = tally.cost
    return {
        "cpu_s": round(spent.cpu_s, 3),
        "of_one_core": _rounded(spent.cpu_s / spent.wall_s if spent.wall_s else None, 4),
        "of_the_daemon": _rounded(spent.cpu_s / spent.process_s if spent.process_s else None, 4),
        "pictures": spent.frames,
        "pictures_skipped": spent.skipped,
        "ticks_left_out": spent.late,
    }


def text(tally: Tally, declared: Shadowing | None) -> Iterator[str]:
    """The same, line by line."""
    state = "" if declared is None else f", {declared.state}" + (f" ({declared.why})" if declared.why else "")
    hours = "" if declared is None else f" of {declared.seconds / 3600:g}"
    yield f"{tally.new} beside {tally.old}: {tally.seconds / 3600:.2f}{hours} hours{state}"
    if not tally.ticks:
        yield "nothing has been compared yet"
        return
    yield f"verdict     the same at {_percent(tally.same_verdict)} of {tally.ticks} assessments"
    for pair, count in sorted(tally.verdicts.items(), key=lambda row: -row[1]):
        old, _, new = pair.partition("/")
        if old != new:
            yield f"            {old} by the old, {new} by the new: {count} ({100 * count / tally.ticks:.2f} %)"
    if tally.scored:
        median, p95, most = (tally.difference(share) for share in _QUANTILES)
        correlation = tally.correlation
        r = "" if correlation is None else f", correlation {correlation:.3f}"
        yield f"score       new less old {tally.bias:+.2f} on average{r}"
        yield f"            apart by {median} (median), {p95} (95 %), {most} (most)"
    for name, burden in (("old", tally.old_burden), ("new", tally.new_burden)):
        yield f"pain, {name}   {burden.shared + burden.alone} episodes settled, {burden.shared} of them the other's too"
    yield "would raise, in a day            old      new"
    for one in conditions(tally.old_burden, tally.new_burden):
        old_count, new_count = (
            tally.per_day(burden.episodes.get(one, 0)) for burden in (tally.old_burden, tally.new_burden)
        )
        yield f"  {one:26}{old_count:8.1f} {new_count:8.1f}"
    spent = cost(tally)
    yield (
        f"cost        {_percent(spent['of_one_core'])} of one core, {_percent(spent['of_the_daemon'])} of the daemon's;"
        f" {spent['pictures_skipped']} of {spent['pictures']} pictures and {spent['ticks_left_out']} ticks left out"
    )
    if tally.seconds < 86_400:
        yield "less than a day was watched: a figure for a day is a projection"


def _burden(tally: Tally, burden: Burden, condition: str) -> Mapping[str, float]:
    count = burden.episodes.get(condition, 0)
    return {
        "episodes": count,
        "seconds": round(burden.seconds.get(condition, 0.0), 1),
        "per_day": round(tally.per_day(count), 2),
    }


def _pain(burden: Burden) -> dict[str, object]:
    return {"shared": burden.shared, "alone": burden.alone, "by_priority": burden.pain}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"
