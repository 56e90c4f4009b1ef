"""How conformance is shown: tables on a terminal, or JSON."""

import json
from collections import Counter
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossfade.dialects.base import Dialect
from crossfade.dialects.cases import Case
from crossfade.testing.conformance import Outcome, Plan, State

Plans = list[tuple[Dialect, Plan]]
Results = list[tuple[Dialect, list[Outcome]]]

_STYLES: dict[State, str] = {"passed": "green", "failed": "bold red", "skipped": "yellow"}


def show(url: str, results: Results, *, as_json: bool) -> None:
    """Print how every case went."""
    if as_json:
        rows = {dialect.name: _summary(dialect, outcomes) for dialect, outcomes in results}
        click.echo(json.dumps({"url": _without_query(url), "dialects": rows}, indent=2))
        return
    console = Console()
    for dialect, outcomes in results:
        console.print(_table(dialect, outcomes))
        console.print(_counted(outcomes), highlight=False)


def listing(plans: Plans, *, as_json: bool) -> None:
    """Print the cases that there are."""
    if as_json:
        rows = {dialect.name: [_facts(case) for case in _all(plan)] for dialect, plan in plans}
        click.echo(json.dumps({"dialects": rows}, indent=2))
        return
    for dialect, plan in plans:
        table = _bare(dialect.title, "case", "claim", "clause", "audio", "needs")
        for case in _all(plan):
            needs = ", ".join(sorted(case.needs))
            table.add_row(case.key, case.title, f"§{case.clause}", f"{case.audio_s:g} s", needs)
        Console().print(table)


def _table(dialect: Dialect, outcomes: Sequence[Outcome]) -> Table:
    table = _bare(dialect.title, "case", "claim", "clause", "")
    for outcome in outcomes:
        state = Text(outcome.state, style=_STYLES[outcome.state])
        table.add_row(outcome.case.key, _told(outcome), f"§{outcome.case.clause}", state)
    return table


def _bare(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        # A claim is a sentence and may take several lines; what else there is takes one.
        table.add_column(column, no_wrap=column != "claim")
    return table


def _told(outcome: Outcome) -> Text:
    told = Text(outcome.case.title)
    if outcome.state == "failed":
        told.append(f"\nexpected {outcome.expected}\ncame {outcome.came}", style="italic")
    elif outcome.why is not None:
        told.append(f"\n{outcome.why}", style="italic")
    return told


def _summary(dialect: Dialect, outcomes: Sequence[Outcome]) -> dict[str, object]:
    counts = Counter(outcome.state for outcome in outcomes)
    cases = [
        _facts(outcome.case)
        | {
            "state": outcome.state,
            "seconds": round(outcome.seconds, 3),
            "expected": outcome.expected,
            "came": outcome.came,
            "why": outcome.why,
        }
        for outcome in outcomes
    ]
    ran_s = sum(outcome.case.audio_s for outcome in outcomes if outcome.state != "skipped")
    return {
        "title": dialect.title,
        "passed": counts["passed"],
        "failed": counts["failed"],
        "skipped": counts["skipped"],
        "audio_s": round(ran_s, 1),
        "cases": cases,
    }


def _facts(case: Case) -> dict[str, object]:
    return {
        "case": case.key,
        "title": case.title,
        "clause": case.clause,
        "line": case.line,
        "audio_s": round(case.audio_s, 1),
        "needs": sorted(case.needs),
    }


def _counted(outcomes: Sequence[Outcome]) -> str:
    counts = Counter(outcome.state for outcome in outcomes)
    return ", ".join(f"{counts[state]} {state}" for state in _STYLES) + "\n"


def _all(plan: Plan) -> list[Case]:
    return [*plan.cases, *(outcome.case for outcome in plan.skipped)]


def _without_query(url: str) -> str:
    """An URL's query may hold a key."""
    return url.partition("?")[0]
