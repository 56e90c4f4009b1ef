"""How an Agent STT server can be wrong, and which cases notice it."""

import itertools

from faults import Broken, CleanClose, Fault, binary, fault, never, twice, with_

numbers = itertools.count()


def deaf(wrong, right):
    """A fault of a server that takes one thing in the client's text for another."""

    class Deaf(Fault):
        def hears(self, frame):
            return frame.replace(wrong, right) if isinstance(frame, str) else frame

    return Deaf


def within(name, **fields):
    """Change fields of an object in a message."""
    return lambda message: [message | {name: message[name] | fields}]


def padded(message):
    text = message["segment"]["transcript"]
    return [message | {"segment": message["segment"] | {"transcript": f"{text} "}}]


def partial_behind(message):
    return [message, message | {"message": "AddPartialSegment"}]


PARTIAL = {
    "message": "AddPartialSegment",
    "segment": {"transcript": "Had"},
    "metadata": {"start_time": 0.6, "end_time": 0.9},
}


def an_end_behind(message):
    return [message, {"message": "EndOfTurn", "metadata": {"end_time": 0.1}}]


class AnotherStory(Fault):
    """Every session hears other words."""

    def __init__(self):
        self.word = f"word{next(numbers)}"

    def says(self, message):
        if message["message"] == "AddSegment":
            message["segment"]["transcript"] = self.word
        return [message]


class NamesNothing(Fault):
    """What it warns of before the start, it does not say."""

    def says(self, message):
        return [message | {"reason": "x"}] if message["message"] == "Warning" else [message]


def chatty(message):
    return [message, {"message": "Info", "type": "x", "reason": "x"}]


SPOKEN = [
    *("segments.rise", "segments.no-partials", "segments.partials", "segments.sentences"),
    *("segments.no-speakers", "segments.at-once", "turns.whole", "turns.pauses", "turns.default"),
    *("turns.force-ignored", "turns.silence", "turns.force", "turns.force-late", "audio.formats"),
    *("end.in-a-turn", "wishes.partials"),
]
"""The cases that hear what is said."""

FAULTS = {
    "started-in-binary": Broken(
        [
            *("handshake.paths", "handshake.query", "handshake.query-key", "start.in-time"),
            *("start.defaults", "start.models"),
        ],
        "nothing but text frames",
        fault(RecognitionStarted=binary),
    ),
    "open-to-all": Broken(["handshake.wrong-key"], "a close within", no_auth=True),
    "another-path": Broken(["handshake.elsewhere"], "404", paths=["/nowhere/agent"]),
    "clean-close": Broken(
        [
            *("start.nothing-before", "start.out-of-order", "start.unknown-mode"),
            *("start.other-features", "start.no-raw-audio", "start.labels"),
            *("start.unknown-language", "wishes.nothing-else"),
            *("end.no-message", "handshake.wrong-key"),
        ],
        "close ",
        CleanClose,
    ),
    "names-nothing": Broken(["start.older-fields"], "names new_feature", NamesNothing),
    "acknowledged-twice": Broken(
        ["audio.acknowledged", "end.late-audio"], "AudioAdded", fault(AudioAdded=twice)
    ),
    "another-story": Broken(["audio.formats", "segments.at-once"], "the same words", AnotherStory),
    "padded": Broken(SPOKEN, "as the reference", fault(AddSegment=padded)),
    "empty": Broken(SPOKEN, "as the reference", fault(AddSegment=within("segment", transcript=""))),
    "null": Broken(SPOKEN, "null", fault(AddSegment=with_(extra=None))),
    "of-the-older-protocol": Broken(
        SPOKEN, "as the reference", fault(AddSegment=with_(message="AddTranscript"))
    ),
    "said-again": Broken(["segments.rise"], "never overlap", fault(AddSegment=twice)),
    "partials-unasked": Broken(
        ["segments.no-partials", "wishes.partials"],
        "no partials",
        fault(StartOfTurn=lambda message: [message, PARTIAL]),
    ),
    "no-partials": Broken(
        ["segments.partials", "wishes.partials"], "partials", fault(AddPartialSegment=never)
    ),
    "old-news": Broken(
        ["segments.partials"], "behind the last segment", fault(AddSegment=partial_behind)
    ),
    "no-sentences": Broken(
        ["segments.sentences"], "for each sentence", deaf("emit_sentences", "omit_sentences")
    ),
    "somebody": Broken(
        ["segments.no-speakers"], "no speaker", fault(AddSegment=within("segment", speaker="S1"))
    ),
    "both-times": Broken(
        ["turns.whole", "turns.pauses", "turns.force", "end.in-a-turn"],
        "as the reference",
        fault(EndOfTurn=within("metadata", start_time=0.5)),
    ),
    "no-turns": Broken(["turns.whole"], "by turns", fault(StartOfTurn=never)),
    "elsewhere": Broken(
        ["turns.whole"], "ends with its last", fault(EndOfTurn=within("metadata", end_time=9.99))
    ),
    "mute-in-vad": Broken(["turns.pauses", "turns.default"], "peech", fault(SpeechStarted=never)),
    "never-decides": Broken(
        ["turns.pauses", "turns.force-ignored"], "", deaf('"vad"', '"external"')
    ),
    "always-decides": Broken(
        ["turns.silence", "turns.force-twice", "turns.force", "end.in-a-turn"],
        "",
        deaf('"external"', '"vad"'),
    ),
    "unforced": Broken(
        ["turns.force", "turns.force-late"], "EndOfTurn", deaf("ForceEndOfUtterance", "Force")
    ),
    "no-timestamps": Broken(
        ["turns.force-twice", "turns.force-late"], "", deaf('"timestamp"', '"time"')
    ),
    "ends-of-nothing": Broken(
        ["turns.force-silence"], "no answer", fault(AudioAdded=an_end_behind)
    ),
    "no-end": Broken(["end.no-words"], "EndOfTranscript", fault(EndOfTranscript=never)),
    "no-last-turn": Broken(["end.in-a-turn"], "EndOfTurn", fault(EndOfTurn=never)),
    "no-speakers": Broken(["end.speakers"], "SpeakersResult", fault(SpeakersResult=never)),
    "chatty": Broken(["end.closes"], "nothing after", fault(EndOfTranscript=chatty)),
}
