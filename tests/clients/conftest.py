"""A real server with the embedded recognizer, in a process of its own, for all these tests."""

import pytest

from processes import KEY, RunningServer, serving


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory):
    with serving(tmp_path_factory.mktemp("data"), "--key", KEY, backend="local") as server:
        yield server


@pytest.fixture
def url(live_server: RunningServer) -> str:
    return f"ws://{live_server.address}"
