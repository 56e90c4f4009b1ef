"""Where the vendors' clients are sent to."""

import pytest

from processes import RunningServer


@pytest.fixture
def url(live_server: RunningServer) -> str:
    return f"ws://{live_server.address}"
