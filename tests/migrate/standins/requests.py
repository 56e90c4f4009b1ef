"""A stand-in for ``requests``, for programs that tests run: what they use of it, by httpx."""

import httpx


def get(url, *, params=None, headers=None, timeout=None):
    """Ask."""
    with httpx.Client(trust_env=False, timeout=timeout) as client:
        return client.get(url, params=params, headers=headers)


def post(url, *, params=None, headers=None, json=None, timeout=None):
    """Ask with a body."""
    with httpx.Client(trust_env=False, timeout=timeout) as client:
        return client.post(url, params=params, headers=headers, json=json)
