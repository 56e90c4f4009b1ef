"""The Speechmatics cases: a server of ours passes, and each of them notices a broken one."""

import asyncio
import itertools

import msgspec
import pytest

from conformance_runs import Broken, Fault, side_by_side
from crossfade.dialects.base import Goodbye, HttpRoute
from crossfade.dialects.speechmatics import DIALECT
from crossfade.errors import ProtocolError
from crossfade.testing.conformance import cases_of

CASES = cases_of(DIALECT)
TRANSCRIPTS = ("AddTranscript", "AddPartialTranscript")
numbers = itertools.count()


def key(case):
    return case.key


def fault(**changes):
    """A fault that changes messages of these kinds, each by a function: ``AudioAdded=twice``."""

    class Changed(Fault):
        def says(self, message):
            change = changes.get(message["message"], lambda message: [message])
            return change(message)

    return Changed


def never(message):
    return []


def twice(message):
    return [message, message]


def binary(message):
    return [msgspec.json.encode(message)]


def with_(**fields):
    return lambda message: [message | fields]


def items(**fields):
    """Change fields of every item."""

    def change(message):
        for item in message["results"]:
            item.update(fields)
        return [message]

    return change


def windows(message):
    message["metadata"]["start_time"] += 0.5
    message["metadata"]["end_time"] += 0.5
    return [message]


def no_length(message):
    for item in message["results"]:
        item["end_time"] = item["start_time"]
    return [message]


def from_the_start(message):
    for item in message["results"]:
        item["start_time"] = 0
    return [message]


def trimmed(message):
    message["metadata"]["transcript"] = message["metadata"]["transcript"].strip()
    return [message]


def speakers(label):
    def change(message):
        for item in message["results"]:
            item["alternatives"][0].pop("speaker", None)
            if label:
                item["alternatives"][0]["speaker"] = label
        return [message]

    return change


def unforced(message):
    message.pop("forced", None)
    return [message]


def much_later(message):
    message["metadata"] = {"start_time": 99.0, "end_time": 99.0}
    return [message]


def partial_behind(message):
    return [message, message | {"message": "AddPartialTranscript"}]


def an_end_behind(message):
    end_s = message["metadata"]["end_time"]
    moment = {"start_time": end_s, "end_time": end_s}
    return [message, {"message": "EndOfUtterance", "metadata": moment}]


class Withheld(Fault):
    """Finals are said at the very end."""

    def __init__(self):
        self.kept = []

    def says(self, message):
        if message["message"] == "AddTranscript":
            self.kept.append(message)
            return []
        return [*self.kept, message] if message["message"] == "EndOfTranscript" else [message]


class AnotherStory(Fault):
    """Every session hears other words."""

    def __init__(self):
        self.word = f"word{next(numbers)}"

    def says(self, message):
        if message["message"] == "AddTranscript" and message["results"]:
            message["metadata"]["transcript"] = f"{self.word} "
        return [message]


class CleanClose(Fault):
    """Whatever happened, the close says that all is well."""

    def leaves(self, goodbye):
        return [msgspec.structs.replace(goodbye, code=1000, reason="")]


class Chatty(Fault):
    """Something is said after the last word, and another code with it."""

    def says(self, message):
        after = [{"message": "Info", "type": "x", "reason": "x"}]
        return [message, *after] if message["message"] == "EndOfTranscript" else [message]


class HangsUp(Fault):
    """The first audio is the last."""

    def says(self, message):
        return [Goodbye(code=1011)] if message["message"] == "AudioAdded" else [message]


class Strict(Fault):
    """What this server does not like is an error."""

    def __init__(self, *words):
        self.words = words

    def hears(self, frame):
        if isinstance(frame, str) and any(word in frame for word in self.words):
            raise ProtocolError("not liked here")
        return frame


def created_as_ok(route: HttpRoute) -> HttpRoute:
    """Every answer is 200, whatever it holds."""

    def handle(request, authority):
        return msgspec.structs.replace(route.handle(request, authority), status=200)

    return msgspec.structs.replace(route, handle=handle)


ALL_TRANSCRIPTS = [case.key for case in CASES if case.key.startswith("transcripts.")]
REFUSALS = [
    *("start.nothing-before", "start.second-start", "start.unknown-language", "start.no-language"),
    *("start.language-missing", "start.unknown-audio", "start.bad-config", "wishes.language"),
    *("end.no-message", "end.no-first-message", "handshake.wrong-jwt"),
]

FAULTS = {
    "started-in-binary": Broken(
        [
            *("handshake.paths", "handshake.query", "handshake.origin", "handshake.scheme"),
            *("token.opens", "token.header", "token.twice", "start.in-time", "start.defaults"),
            *("start.unknown-fields", "start.early-audio"),
        ],
        "nothing but text frames",
        fault(RecognitionStarted=binary),
    ),
    "no-uuid": Broken(["start.first"], "as the reference", fault(RecognitionStarted=with_(id="x"))),
    "one-id": Broken(
        ["end.next-session"],
        "another id",
        fault(RecognitionStarted=with_(id="00000000-0000-4000-8000-000000000000")),
    ),
    "open-to-all": Broken(
        ["handshake.wrong-key", "handshake.wrong-jwt", "token.no-more-keys"], "", no_auth=True
    ),
    "another-path": Broken(["handshake.elsewhere"], "404", paths=["/nowhere"]),
    "another-method": Broken(
        ["handshake.methods"],
        "405 for POST",
        routes=lambda route: msgspec.structs.replace(route, path="/v2", method="POST"),
    ),
    "always-200": Broken(
        ["token.opens", "token.header", "token.twice", "token.no-more-keys", "token.ttl"],
        "for",
        routes=created_as_ok,
    ),
    "clean-close": Broken(REFUSALS, "close ", CleanClose),
    "fraction": Broken(["audio.acknowledged"], "as the", fault(AudioAdded=with_(seq_no=1.5))),
    "acknowledged-twice": Broken(
        [
            *("audio.acknowledged", "audio.empty", "audio.fragments", "audio.cut", "audio.files"),
            *("end.late-audio", "start.early-audio"),
        ],
        "AudioAdded",
        fault(AudioAdded=twice),
    ),
    "channels-mixed": Broken(
        ["audio.channels"], "ChannelAudioAdded 1, 2", fault(ChannelAudioAdded=twice)
    ),
    "another-story": Broken(
        ["audio.cut", "audio.encodings", "audio.rates", "audio.files", "audio.at-once"],
        "the same words",
        AnotherStory,
    ),
    "hangs-up": Broken(["audio.pongs"], "a pong", HangsUp),
    "null": Broken(ALL_TRANSCRIPTS, "as the reference", fault(AddTranscript=with_(channel=None))),
    "no-length": Broken(["transcripts.items"], "positive length", fault(AddTranscript=no_length)),
    "said-again": Broken(["transcripts.rise"], "never overlap", fault(AddTranscript=twice)),
    "windows-ajar": Broken(
        ["transcripts.windows"], "where the last one ended", fault(AddTranscript=windows)
    ),
    "partials-unasked": Broken(
        ["transcripts.no-partials", "wishes.partials-off"],
        "no partials",
        fault(AddTranscript=partial_behind),
    ),
    "no-partials": Broken(
        ["transcripts.partials", "transcripts.utterances", "end.order", "wishes.partials-on"],
        "artial",
        fault(AddPartialTranscript=never),
    ),
    "old-news": Broken(
        ["transcripts.news"], "no final word", fault(AddPartialTranscript=from_the_start)
    ),
    "trimmed": Broken(["transcripts.text"], "metadata.transcript", fault(AddTranscript=trimmed)),
    "withheld": Broken(["transcripts.max-delay"], "final within", Withheld),
    "ends-of-nothing": Broken(
        ["transcripts.no-utterances"], "no EndOfUtterance", fault(AddTranscript=an_end_behind)
    ),
    "an-end-twice": Broken(["transcripts.utterances"], "after speech", fault(EndOfUtterance=twice)),
    "nobody": Broken(
        ["transcripts.speakers"], "a speaker", fault(**dict.fromkeys(TRANSCRIPTS, speakers("")))
    ),
    "somebody": Broken(
        ["transcripts.no-speakers"],
        "no speaker",
        fault(**dict.fromkeys(TRANSCRIPTS, speakers("S1"))),
    ),
    "unforced": Broken(
        ["wishes.force", "wishes.force-silence"], "forced in", fault(EndOfUtterance=unforced)
    ),
    "much-later": Broken(
        ["wishes.force-later"], "within the audio", fault(EndOfUtterance=much_later)
    ),
    "no-speakers": Broken(
        ["wishes.speakers-now", "wishes.speakers-final", "wishes.speakers-none"],
        "SpeakersResult",
        fault(SpeakersResult=never),
    ),
    "no-change": Broken(
        ["wishes.unchanged"], "EndOfTranscript", lambda: Strict("SetRecognitionConfig")
    ),
    "no-end": Broken(
        [
            *("end.in-time", "end.number", "end.no-number", "end.no-audio", "end.late-messages"),
            *("audio.no-media",),
        ],
        "",
        fault(EndOfTranscript=never),
    ),
    "chatty": Broken(["end.closes"], "nothing after", Chatty),
}


@pytest.fixture(scope="module")
def runs():
    """What came of our server, how much audio it received, and what came of the broken ones."""
    return asyncio.run(side_by_side(DIALECT, FAULTS))


@pytest.mark.parametrize("case", [case for case in CASES if "ears" not in case.needs], ids=key)
def test_a_server_of_ours_passes(runs, case):
    outcome = runs.ours[case.key]
    assert (outcome.state, outcome.expected, outcome.came, outcome.why) == (
        "passed",
        None,
        None,
        None,
    )


def test_no_more_audio_is_sent_than_was_said(runs):
    said_s = sum(case.audio_s for case in CASES)
    assert said_s / 2 < runs.received_s <= said_s


@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_server_is_noticed(runs, name):
    outcomes = runs.broken[name]
    assert len(outcomes) == len(set(FAULTS[name].noticed_by)), "there are such cases"
    assert [o.case.key for o in outcomes if o.state != "failed"] == []
    assert [o.expected for o in outcomes if FAULTS[name].expected not in (o.expected or "")] == []


def test_every_case_can_fail():
    seen = {key for fault in FAULTS.values() for key in fault.noticed_by}
    assert [case.key for case in CASES if case.key not in seen] == []
