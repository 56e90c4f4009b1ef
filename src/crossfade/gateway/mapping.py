"""What becomes of every setting and message between two dialects: one table, made of theirs.

Each dialect says what a topic is called in its protocol, and what becomes of it on the way there
(``Counterpart``). Here the topics are put in order, and two dialects side by side. The page
``docs/mapping.md`` and ``GET /v1/mapping`` show this table; ``python -m crossfade.gateway.page``
writes the page.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from crossfade.dialects.base import Dialect
from crossfade.dialects.counterparts import Counterpart, Verdict


class Topic(Struct, frozen=True, kw_only=True):
    """One thing that protocols have words for."""

    key: str
    title: str
    is_told: bool = False
    """It goes to the client: the client's own protocol says what becomes of it, not the other."""

    @property
    def group(self) -> str:
        """The part of the table that it stands in."""
        return self.key.partition(".")[0]


class Row(Struct, frozen=True, kw_only=True):
    """What becomes of one topic when a client of one dialect is served by another."""

    topic: str
    title: str
    front: str
    """The client's dialect."""
    behind: str
    """That of the server."""
    front_name: str | None
    behind_name: str | None
    verdict: Verdict
    text: str


def table(dialects: Sequence[Dialect]) -> tuple[Row, ...]:
    """All rows, of every pair of different dialects in both directions."""
    told = [dialect for dialect in dialects if dialect.counterparts]
    return tuple(
        row
        for front in told
        for behind in told
        if front is not behind
        for row in _rows(front, behind)
    )


def _rows(front: Dialect, behind: Dialect) -> Iterator[Row]:
    asked, answered = _by_topic(front), _by_topic(behind)
    for topic in TOPICS:
        here, there = asked[topic.key], answered[topic.key]
        arrived = here if topic.is_told else there
        yield Row(
            topic=topic.key,
            title=topic.title,
            front=front.name,
            behind=behind.name,
            front_name=here.name,
            behind_name=there.name,
            verdict=arrived.verdict,
            text=arrived.text,
        )


def _by_topic(dialect: Dialect) -> dict[str, Counterpart]:
    return {counterpart.topic: counterpart for counterpart in dialect.counterparts}


TOPICS = (
    Topic(key="connection.url", title="Where sessions are opened"),
    Topic(key="connection.handshake", title="Where the configuration stands"),
    Topic(key="connection.key", title="Long-lived key"),
    Topic(key="connection.token", title="Temporary credential"),
    Topic(key="connection.ping", title="Pings"),
    Topic(key="connection.session_id", title="Name of the session", is_told=True),
    Topic(key="connection.expires_at", title="When the session will be ended", is_told=True),
    Topic(key="audio.pcm_s16le", title="16-bit samples"),
    Topic(key="audio.pcm_f32le", title="Float samples"),
    Topic(key="audio.mulaw", title="Telephone samples"),
    Topic(key="audio.file", title="Media files and streams"),
    Topic(key="audio.compressed", title="Compressed streams"),
    Topic(key="audio.chunks", title="Length of audio messages"),
    Topic(key="audio.pace", title="Speed of sending"),
    Topic(key="audio.acknowledgements", title="Acknowledgements of audio", is_told=True),
    Topic(key="audio.channels", title="Several channels"),
    Topic(key="audio.sample_rate", title="Sample rate"),
    Topic(key="settings.language", title="Language"),
    Topic(key="settings.model", title="Model"),
    Topic(key="settings.domain", title="Domain"),
    Topic(key="settings.output_locale", title="Spelling of a country"),
    Topic(key="settings.keyterms", title="Words to expect"),
    Topic(key="settings.sounds_like", title="Other spellings of them"),
    Topic(key="settings.partials", title="Partial results"),
    Topic(key="settings.max_delay", title="Delay of finals"),
    Topic(key="settings.silence", title="Silence that ends a turn"),
    Topic(key="settings.no_endpointing", title="Turns that nothing ends"),
    Topic(key="settings.turn_confidence", title="Turns that end by confidence"),
    Topic(key="settings.formatting", title="Written form of words"),
    Topic(key="settings.disfluencies", title="Hesitations left out"),
    Topic(key="settings.replacements", title="Words replaced"),
    Topic(key="settings.profanity", title="Profanity", is_told=True),
    Topic(key="settings.redaction", title="Personal information left out"),
    Topic(key="settings.speakers", title="Who spoke"),
    Topic(key="settings.known_speakers", title="Speakers known by their voice"),
    Topic(key="settings.volume", title="Loudness of words"),
    Topic(key="settings.vad", title="When audio counts as speech"),
    Topic(key="settings.translation", title="Translation"),
    Topic(key="settings.audio_events", title="Sounds that are no speech"),
    Topic(key="settings.prompt", title="Prompts for the model"),
    Topic(key="settings.language_detection", title="Detecting the language"),
    Topic(key="settings.llm", title="Language models behind the words"),
    Topic(key="settings.webhooks", title="Webhooks"),
    Topic(key="messages.partial", title="What is not final yet", is_told=True),
    Topic(key="messages.final", title="Words that do not change", is_told=True),
    Topic(key="messages.turn_end", title="End of a turn", is_told=True),
    Topic(key="messages.punctuation", title="Punctuation", is_told=True),
    Topic(key="messages.times", title="Times", is_told=True),
    Topic(key="messages.confidence", title="Confidence", is_told=True),
    Topic(key="messages.force", title="Forced end of a turn"),
    Topic(key="messages.reconfigure", title="Change of settings"),
    Topic(key="messages.finish", title="End of the session"),
    Topic(key="messages.error", title="Errors and close codes", is_told=True),
    Topic(key="messages.warnings", title="Warnings and information", is_told=True),
)
"""In the order in which people read them."""
