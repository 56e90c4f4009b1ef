"""How an AssemblyAI server can be wrong, and which cases notice it."""

from crossfade.dialects.assemblyai import DIALECT
from crossfade.dialects.base import Goodbye
from crossfade.errors import ProtocolError
from crossfade.testing.conformance import cases_of
from faults import Broken, Dislikes, Fault, always, fault, never, twice, with_

LANGUAGE = {"language_code": "en", "language_confidence": 0.5}
EMPTY_END = {
    "type": "Turn",
    "turn_order": 0,
    "turn_is_formatted": True,
    "end_of_turn": True,
    "transcript": "",
    "end_of_turn_confidence": 1,
    "words": [],
    "utterance": "",
}


def later(message):
    return [message | {"expires_at": message["expires_at"] + 1000}]


def another_model(message):
    message["configuration"]["model"] = "another"
    return [message]


def of_partials(change):
    """Change partials alone."""
    return lambda turn: [turn] if turn["end_of_turn"] else change(turn)


def of_ends(change):
    return lambda turn: change(turn) if turn["end_of_turn"] else [turn]


def words(*, final):
    """The same words, final or not."""

    def change(turn):
        return [turn | {"words": [word | {"word_is_final": final} for word in turn["words"]]}]

    return change


def backwards(turn):
    return [turn | {"words": turn["words"][::-1]}]


def told_again(turn):
    said = " ".join(word["text"] for word in turn["words"])
    return [turn | {"utterance": f"{said} and more"}]


def raw_only(turn):
    return [] if turn["turn_is_formatted"] else [turn]


def formatted_too(turn):
    return [turn, turn | {"turn_is_formatted": True}]


def announced(turn):
    return [{"type": "SpeechStarted", "timestamp": 0, "confidence": 1}, turn]


def warned(message):
    return [message, {"type": "Warning", "warning_code": 1, "warning": "x"}]


def warned_first(message):
    return warned(message)[::-1]


class Counting(Fault):
    """Every message is a turn of its own, and one is left out between two."""

    def __init__(self):
        self.n_turns = 0

    def says(self, message):
        if message["type"] == "Turn":
            self.n_turns += 2
            return [message | {"turn_order": self.n_turns}]
        return [message]


class Corrected(Fault):
    """The words of each message differ from those of the last one."""

    def __init__(self):
        self.n_turns = 0

    def says(self, message):
        if message["type"] == "Turn":
            self.n_turns += 1
            for word in message["words"]:
                word["text"] = f"word{self.n_turns}"
            message["transcript"] = " ".join(word["text"] for word in message["words"])
        return [message]


class DislikesAudio(Fault):
    def hears(self, frame):
        if isinstance(frame, bytes):
            raise ProtocolError("not liked here")
        return frame


class DeafToForce(Fault):
    def hears(self, frame):
        return None if isinstance(frame, str) and "ForceEndpoint" in frame else frame


class Unending(Fault):
    """Turns are told and do not end."""

    def says(self, message):
        return [] if message.get("end_of_turn") else [message]


class ByTheClock(Fault):
    """A turn ends after each of its messages."""

    def says(self, message):
        return [message, EMPTY_END] if message["type"] == "Turn" else [message]


class OtherCode(Fault):
    """Whatever happened, the close says that all is well."""

    def leaves(self, goodbye):
        return [Goodbye(code=1000, reason="bye")]


class LongerWords(Fault):
    """The error is told in other words."""

    def says(self, message):
        if message["type"] == "Error":
            return [message | {"error": "Error: another one"}]
        return [message]


class AfterTheEnd(Fault):
    """The first message after Terminate is an error, and read before the end is told."""

    def __init__(self):
        self.is_over = False

    def hears(self, frame):
        if self.is_over:
            raise ProtocolError("not liked here")
        self.is_over = isinstance(frame, str) and "Terminate" in frame
        return None if self.is_over else frame


class Unasked(Fault):
    """A session speaks first."""

    def says(self, message):
        return [message, EMPTY_END] if message["type"] == "Begin" else [message]


def named(*prefixes):
    return [case.key for case in cases_of(DIALECT) if case.key.partition(".")[0] in prefixes]


ACCEPTED = ["parameters.unknown", "parameters.booleans", "parameters.written", "parameters.long"]
OPENING = ["handshake.begin", "handshake.in-time", "handshake.paths", *ACCEPTED]
REFUSALS = [
    *(name for name in named("parameters") if name not in ACCEPTED),
    *named("messages"),
    *("handshake.no-key", "handshake.wrong-key", "handshake.wrong-token", "handshake.bearer"),
    *("frames.too-long", "frames.too-short", "session.idle", "update.limits"),
]
OF_TURNS = [*named("turns", "streaming", "universal", "language"), "session.unasked"]

FAULTS = {
    "no-uuid": Broken(OPENING, "as the reference", fault(Begin=with_(id="x"))),
    "speaks-first": Broken(["handshake.begin"], "Begin first", fault(Begin=warned_first)),
    "other-code": Broken(REFUSALS, "close ", OtherCode),
    "other-words": Broken(REFUSALS, "a text that begins with", LongerWords),
    "open-to-all": Broken(
        [*(name for name in REFUSALS if name.startswith("handshake")), "token.needs-a-key"],
        "",
        no_auth=True,
    ),
    "another-path": Broken(["handshake.elsewhere"], "404", paths=["/v3/nowhere"]),
    "another-status": Broken([*named("token")], "", routes=always(201)),
    "later": Broken(["handshake.expires", "token.cap"], "expires_at in", fault(Begin=later)),
    "another-model": Broken(["handshake.model"], "in Begin", fault(Begin=another_model)),
    "more-audio": Broken(
        ["handshake.begin", "frames.duration", "frames.telephone"],
        "",
        fault(Termination=with_(audio_duration_seconds=99)),
    ),
    "fraction": Broken(
        ["handshake.begin"], "as the", fault(Termination=with_(audio_duration_seconds=0.5))
    ),
    "dislikes-audio": Broken(["frames.longest", "frames.tail"], "Termination", DislikesAudio),
    "dislikes-keep-alive": Broken(
        ["session.keep-alive"], "stays open", lambda: Dislikes("KeepAlive")
    ),
    "dislikes-updates": Broken(
        ["update.null", "update.unknown", "update.format"],
        "Termination",
        lambda: Dislikes("UpdateConfiguration"),
    ),
    "heartless": Broken(["session.heartbeat"], "Heartbeat within", fault(Heartbeat=never)),
    "warns": Broken(["session.unasked"], "only Begin", fault(Turn=warned)),
    "null": Broken(OF_TURNS, "no null", fault(Turn=with_(language_hint=None))),
    "counts": Broken(["turns.numbers"], "turn_order", Counting),
    "open-ends": Broken(["turns.ends"], "final words", fault(Turn=of_ends(words(final=False)))),
    "backwards": Broken(["turns.order"], "order of time", fault(Turn=backwards)),
    "partials-too": Broken(
        ["turns.only-ends"], "no partials", fault(Turn=with_(end_of_turn=False))
    ),
    "corrected": Broken(["streaming.final-words"], "that stay", Corrected),
    "all-open": Broken(
        ["streaming.open-word"], "one open word", fault(Turn=of_partials(words(final=False)))
    ),
    "told-again": Broken(["streaming.utterances"], "utterances", fault(Turn=told_again)),
    "raw-only": Broken(
        ["streaming.formatted", "update.format"], "formatted", fault(Turn=of_ends(raw_only))
    ),
    "formatted-too": Broken(["streaming.raw"], "one raw end", fault(Turn=of_ends(formatted_too))),
    "announced": Broken(["streaming.no-announcement"], "no Speech", fault(Turn=announced)),
    "not-announced": Broken(["universal.announced"], "right before", fault(SpeechStarted=never)),
    "announced-late": Broken(
        ["universal.announced"], "the start of the first", fault(SpeechStarted=with_(timestamp=1))
    ),
    "ends-twice": Broken(["universal.one-end"], "one end", fault(Turn=of_ends(twice))),
    "closed-partials": Broken(
        ["universal.partials"], "no final word", fault(Turn=of_partials(words(final=True)))
    ),
    "one-language": Broken(
        ["language.unasked", "language.ends"], "language fields", fault(Turn=with_(**LANGUAGE))
    ),
    "deaf-to-force": Broken(["force.speech"], "", DeafToForce),
    "speaks-unasked": Broken(["force.silence"], "no answer", Unasked),
    "unending": Broken(["end.audio-time", "end.silence", "end.last-words"], "", Unending),
    "ends-other": Broken(["end.closes"], "Session Ended", OtherCode),
    "dislikes-lateness": Broken(["end.late"], "", AfterTheEnd),
    "silent": Broken(["session.silence"], "Silence within", fault(Silence=never)),
}
