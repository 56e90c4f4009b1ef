"""How a Speechmatics server can be wrong, and which cases notice it."""

import itertools

import msgspec

from crossfade.dialects.base import Goodbye
from crossfade.dialects.speechmatics import DIALECT
from crossfade.testing.conformance import cases_of
from faults import (
    Broken,
    CleanClose,
    Dislikes,
    Fault,
    always,
    binary,
    fault,
    never,
    twice,
    with_,
)

TRANSCRIPTS = ("AddTranscript", "AddPartialTranscript")
numbers = itertools.count()


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


def chatty(message):
    return [message, {"message": "Info", "type": "x", "reason": "x"}]


class HangsUp(Fault):
    """The first audio is the last."""

    def says(self, message):
        return [Goodbye(code=1011)] if message["message"] == "AudioAdded" else [message]


ALL_TRANSCRIPTS = [case.key for case in cases_of(DIALECT) if case.key.startswith("transcripts.")]
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
        routes=always(200),
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
        ["wishes.unchanged"], "EndOfTranscript", lambda: Dislikes("SetRecognitionConfig")
    ),
    "no-end": Broken(
        [
            *("end.in-time", "end.number", "end.no-number", "end.no-audio", "end.late-messages"),
            *("audio.no-media",),
        ],
        "",
        fault(EndOfTranscript=never),
    ),
    "chatty": Broken(["end.closes"], "nothing after", fault(EndOfTranscript=chatty)),
}
