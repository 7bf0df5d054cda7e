"""The tools of tools.yaml: plain functions. What a parameter is comes from its annotation, what a function is for from its docstring."""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from voicegraph.errors import ToolFailed


def time_in(town: str) -> str:
    """What time it is in a large town of the world."""
    zones = {zone.rpartition("/")[2].replace("_", " ").lower(): zone for zone in sorted(available_timezones())}
    if town.lower() not in zones:
        raise ToolFailed(f"I don't know what time it is in {town}.")
    return f"In {town} it is {datetime.now(ZoneInfo(zones[town.lower()])):%H:%M}."


async def order(drink: str, cups: int = 1) -> str:
    """Order something to drink. Only when the caller has said what."""
    await asyncio.sleep(1)  # where the kitchen of a real café would be asked
    return f"Ordered: {cups} {drink}."
