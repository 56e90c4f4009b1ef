"""A certificate for this machine's own address, by an authority that nobody else knows."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificates:
    """PEM files."""

    authority: Path
    """What a client has to trust."""
    chain: Path
    key: Path


def make(folder: Path, *, ends: datetime | None = None) -> Certificates:
    """Write them; valid for 127.0.0.1 and localhost."""
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1", "localhost", not_after=ends)
    made = Certificates(folder / "authority.pem", folder / "chain.pem", folder / "key.pem")
    authority.cert_pem.write_to_path(str(made.authority))
    for number, blob in enumerate(server.cert_chain_pems):
        blob.write_to_path(str(made.chain), append=number > 0)
    server.private_key_pem.write_to_path(str(made.key))
    return made
