"""The vendors' own clients hear through a gateway what they hear directly: 4 pairs, over TLS."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from crossfade.recognizers.onnx import EmbeddedRecognizer
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.scoring import normalize
from vendor_clients import CLIENTS, compare, installed, secure_servers, trusted

pytestmark = [
    # It asks for its model by the older name, at which the SDK below it frowns.
    pytest.mark.filterwarnings("ignore:'operating_point' is deprecated:DeprecationWarning"),
]

BEHINDS = ("speechmatics", "assemblyai")
SCRIPT = [
    *spoken("Good morning, everybody."),
    *spoken("Welcome aboard! Is it late?", start_ms=3000),
]
N_S = 6


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    with trusted(tmp_path_factory.mktemp("certificates")) as made:
        yield made


@pytest.fixture
def clients():
    if installed().keys() != CLIENTS.keys():
        pytest.skip("Node or its clients are not here: make clients")
    return CLIENTS


async def test_every_client_hears_the_same_words_as_directly(tmp_path, authority, clients):
    silence = np.zeros(16_000 * N_S, np.float32)
    async with secure_servers(
        ScriptedRecognizer(SCRIPT), tmp_path, authority, BEHINDS
    ) as addresses:
        pairs = [(client, place) for client in clients for place in addresses]
        texts = await asyncio.gather(
            *(clients[client](addresses[place], silence) for client, place in pairs)
        )
    expected = [normalize(word.text) for word in SCRIPT]
    heard = {pair: normalize(text).split() for pair, text in zip(pairs, texts, strict=True)}
    assert heard == dict.fromkeys(pairs, expected)


@pytest_asyncio.fixture
async def recognizer(model_files) -> AsyncIterator[EmbeddedRecognizer]:
    recognizer = EmbeddedRecognizer(model_files)
    await recognizer.start()
    yield recognizer
    await recognizer.aclose()


@pytest.mark.model
@pytest.mark.speech
async def test_real_speech_costs_no_more_errors_than_directly(
    tmp_path, authority, clients, recognizer, shared_speech
):
    """A few of the recordings; ``python -m gateway.words`` takes all of them."""
    read = (entry for entry in shared_speech if entry.category == "read_en")
    few = sorted((e for e in read if e.duration_s > 4), key=lambda e: e.duration_s)[:2]
    async with secure_servers(recognizer, tmp_path, authority, BEHINDS) as addresses:
        found = await compare(addresses, clients, few, at_once=12)
    worse = {(one.client, one.behind): one.points for one in found if one.points > 0.5}
    assert worse == {}
