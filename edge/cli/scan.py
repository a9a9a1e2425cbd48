"""`anodyne scan`: what hangs on this machine, and the stanza for it."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from edge.scan.scan import Chapter, Offer, scan

LISTEN_S = 8.0
"""Time to listen for bands: six of the slowest usual advertising intervals (1.28 s), as a scan misses some."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "scan",
        help="find cameras, bands and serial devices",
        description="List cameras, Bluetooth bands on the air and serial devices, each with what it offers and the "
        "stanza to paste into the configuration. Exit code: 0 something was found, 1 nothing was.",
    )
    parser.add_argument("--seconds", type=float, default=LISTEN_S, metavar="N", help="listen so long (%(default)g)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Look at everything and print what was found.

    Returns:
        0 where something was found, else 1.
    """
    console = Console()
    if console.is_terminal and not arguments.json:
        with console.status(f"listening for {arguments.seconds:g} s"):
            found = asyncio.run(scan(arguments.seconds))
    else:
        found = asyncio.run(scan(arguments.seconds))
    if arguments.json:
        sys.stdout.write(json.dumps([_as_json(chapter) for chapter in found], ensure_ascii=False) + "\n")
    else:
        show(console, found)
    return 0 if any(chapter.offers for chapter in found) else 1


def show(console: Console, found: Sequence[Chapter]) -> None:
    """Print all chapters. Stanzas begin at the left edge and are never wrapped, so that they can be pasted."""
    for chapter in found:
        console.print(Text(chapter.title, style="bold underline"))
        if not chapter.offers:
            console.print(Padding(Text("none found", style="dim"), (0, 0, 0, 2)))
        for offer in chapter.offers:
            _show_offer(console, offer)
        for note in chapter.notes:
            console.print(Padding(Text(note, style="dim"), (0, 0, 0, 2)))
        console.print()


def _show_offer(console: Console, offer: Offer) -> None:
    console.print(Padding(Text(offer.found.title, style="bold green"), (0, 0, 0, 2)))
    for fact in offer.found.facts:
        console.print(Padding(Text(fact), (0, 0, 0, 4)))
    console.print()
    if offer.stanza is None:
        console.print(Padding(Text("no driver is known for it", style="yellow"), (0, 0, 0, 4)))
    else:
        console.print(Text(offer.stanza, style="cyan"), soft_wrap=True)


def _as_json(chapter: Chapter) -> dict[str, object]:
    finds = [
        {
            "title": offer.found.title,
            "facts": offer.found.facts,
            "driver": offer.found.driver,
            "keys": dict(offer.found.keys),
            "stanza": offer.stanza,
        }
        for offer in chapter.offers
    ]
    return {"kind": chapter.kind, "found": finds, "notes": chapter.notes}
