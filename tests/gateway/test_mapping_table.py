"""The mapping is one table: in the dialects, on the page, at its endpoint; nothing is left out."""

import re
from pathlib import Path

import httpx
import pytest

from crossfade.dialects import DIALECTS
from crossfade.gateway.mapping import TOPICS, table
from crossfade.gateway.page import page
from crossfade.recognizers.scripted import ScriptedRecognizer
from crossfade.server.run import running_server

DOCS = Path(__file__).parents[2] / "docs"
RULES = (DOCS / "protocols" / "mapping.md").read_text(encoding="utf-8")
VALUES = {"standard", "enhanced", "language: en", '{"ttl"}'}
"""Stand between the names of fields in the rules."""


@pytest.mark.parametrize("dialect", DIALECTS, ids=[dialect.name for dialect in DIALECTS])
def test_every_dialect_has_each_topic_once_and_says_what_becomes_of_it(dialect):
    topics = [counterpart.topic for counterpart in dialect.counterparts]
    assert topics == [topic.key for topic in TOPICS]
    for counterpart in dialect.counterparts:
        assert counterpart.text.endswith("."), counterpart.topic
        if counterpart.name is None:
            assert counterpart.verdict != "kept", counterpart.topic


def test_the_page_is_made_of_the_table():
    written = (DOCS / "mapping.md").read_text(encoding="utf-8")
    assert written == page(DIALECTS), "python -m crossfade.gateway.page > docs/mapping.md"
    for topic in TOPICS:
        assert f"| {topic.title}" in written


async def test_the_endpoint_gives_every_pair_in_both_directions(tmp_path):
    async with running_server(ScriptedRecognizer([]), data_dir=tmp_path) as server:
        url = server.url.replace("ws://", "http://")
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"{url}/v1/mapping")
    rows = answer.json()["rows"]
    n_pairs = len(DIALECTS) * (len(DIALECTS) - 1)
    assert len(rows) == len(table(DIALECTS)) == n_pairs * len(TOPICS)
    assert {(row["front"], row["behind"]) for row in rows} == {
        (one.name, other.name) for one in DIALECTS for other in DIALECTS if one is not other
    }
    assert {row["topic"] for row in rows} == {topic.key for topic in TOPICS}


def rule_rows():
    """The rows of the rules that this table was made by, header lines aside."""
    for line in RULES.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        is_head = cells[0].startswith("Speechmatics")
        if line.startswith("|") and len(cells) == 3 and not (is_head or set(line) <= set("|- ")):
            yield cells


@pytest.mark.parametrize("cells", list(rule_rows()), ids=lambda cells: cells[0][:40])
def test_every_field_of_the_rules_is_in_the_table(cells):
    known = " ".join(f"{c.name} {c.text}" for dialect in DIALECTS for c in dialect.counterparts)
    for name in re.findall(r"`([^`]+)`", " ".join(cells[:2])):
        if name in VALUES:
            continue
        assert any(part in known for part in spellings(name)), name


def spellings(name):
    """Names in the rules carry hosts, values and ellipses; a field is known by its bare name."""
    bare = re.sub(r"\[\]|…|\*", "", name)
    last = re.split(r"[./=: ]+", bare.strip("/?= "))
    return [name, bare, *(part for part in last if len(part) > 2)]
