"""One gateway and far side of each protocol for all tests of a module that change nothing there."""

from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from crossing import FRONTS, Crossing, crossing


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crossings(tmp_path_factory):
    async with AsyncExitStack() as stack:
        yield {
            behind: await stack.enter_async_context(
                crossing(behind, tmp_path_factory.mktemp(behind))
            )
            for behind in FRONTS
        }


@pytest.fixture
def there(crossings, behind) -> Crossing:
    """The way to this test's far side, on which nothing has been said yet."""
    crossings[behind].forget()
    return crossings[behind]
