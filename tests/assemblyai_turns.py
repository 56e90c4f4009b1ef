"""The rules of turns, held against everything that a server said in a session."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from assemblyai_wire import Message, of


def check_turns(messages: Sequence[Message]) -> None:
    """Hold a session against the rules for every model."""
    turns = of(messages, "Turn")
    for earlier, later in pairwise(turn["turn_order"] for turn in turns):
        assert 0 <= later - earlier <= 1, "a turn follows the one before"
    assert not turns or turns[0]["turn_order"] == 0
    for turn in turns:
        assert all(one["start"] <= other["start"] for one, other in pairwise(turn["words"]))
        if turn["end_of_turn"]:
            assert all(word["word_is_final"] for word in turn["words"])
            assert turn["transcript"] == _joined(turn["words"])
    for order in _by_order(turns).values():
        assert order[-1]["end_of_turn"], "every turn ends, the last one with the session"


def check_incremental(messages: Sequence[Message], *, formatted: bool = False) -> None:
    """Hold a session against the rules of word-by-word models: what is final never changes."""
    check_turns(messages)
    assert not of(messages, "SpeechStarted")
    for turn in _by_order(of(messages, "Turn")).values():
        ends = [message for message in turn if message["end_of_turn"]]
        assert [end["turn_is_formatted"] for end in ends] == (
            [False, True] if formatted else [False]
        )
        assert turn[-len(ends) :] == ends, "nothing comes after the end of a turn"
        raw = [message for message in turn if not message["turn_is_formatted"]]
        for message in raw:
            _check_open_word(message)
        for earlier, later in pairwise(raw):
            assert _final(later)[: len(_final(earlier))] == _final(earlier), "a final word changed"
        if formatted:
            assert ends[1]["utterance"] == ""
            assert _covers(ends[1]["words"], ends[0]["words"])


def check_whole_turns(messages: Sequence[Message], *, partials_formatted: bool) -> None:
    """Hold a session against the rules of Universal-3: each turn anew, one end for good."""
    check_turns(messages)
    for before, message in pairwise(messages):
        if before["type"] == "SpeechStarted":
            assert message["type"] == "Turn"
            assert before["timestamp"] == message["words"][0]["start"]
    firsts = [turn[0] for turn in _by_order(of(messages, "Turn")).values()]
    told = [after for before, after in pairwise(messages) if before["type"] == "SpeechStarted"]
    assert told == firsts, "each turn is announced once, right before its first message"
    for turn in _by_order(of(messages, "Turn")).values():
        assert [message["end_of_turn"] for message in turn] == [False] * (len(turn) - 1) + [True]
        for partial in turn[:-1]:
            assert partial["turn_is_formatted"] is partials_formatted
            assert (partial["end_of_turn_confidence"], partial["utterance"]) == (0, "")
            assert not any(word["word_is_final"] for word in partial["words"])
            assert partial["transcript"] == _joined(partial["words"])
        end = turn[-1]
        assert end["turn_is_formatted"]
        assert end["end_of_turn_confidence"] == 1
        assert end["utterance"] == end["transcript"]


def _by_order(turns: Iterable[Message]) -> dict[int, list[Message]]:
    grouped = defaultdict(list)
    for turn in turns:
        grouped[turn["turn_order"]].append(turn)
    return grouped


def _final(message: Message) -> list[Message]:
    return [word for word in message["words"] if word["word_is_final"]]


def _check_open_word(message: Message) -> None:
    final = _final(message)
    assert message["words"][: len(final)] == final, "final words come first"
    assert len(message["words"]) <= len(final) + 1, "one word is open at most"
    assert message["transcript"] == _joined(final), "the transcript is what is final"


def _covers(formatted: Sequence[Message], raw: Sequence[Message]) -> bool:
    """Formatting may merge words, but neither loses nor moves any."""
    starts, stops = ({word[edge] for word in raw} for edge in ("start", "end"))
    return (
        all(word["start"] in starts and word["end"] in stops for word in formatted)
        and formatted[0]["start"] == raw[0]["start"]
        and formatted[-1]["end"] == raw[-1]["end"]
    )


def _joined(words: Iterable[Message]) -> str:
    return " ".join(word["text"] for word in words)
