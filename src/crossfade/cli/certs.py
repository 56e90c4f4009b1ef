"""``crossfade certs``: TLS where no public authority can help."""

import json
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from crossfade.cli.options import JSON_OPTION, example, load_settings, setting_options

if TYPE_CHECKING:
    from crossfade.server.certificates import Issued

_TRUST = """\
Tell a program to trust it, for one run:
  curl      curl --cacert {ca} https://localhost:8765/readyz
  Python    SSL_CERT_FILE={ca} python app.py
            (with the requests library: REQUESTS_CA_BUNDLE={ca})
  Node      NODE_EXTRA_CA_CERTS={ca} node app.js

Or a whole machine, browsers included; on another one, copy the file there first:
  Debian, Ubuntu   sudo cp {ca} /usr/local/share/ca-certificates/crossfade.crt \
&& sudo update-ca-certificates
  Fedora, RHEL     sudo trust anchor {ca}
  macOS            sudo security add-trusted-cert -d -r trustRoot \
-k /Library/Keychains/System.keychain {ca}
  Windows          certutil -addstore -f ROOT {ca}
  Chrome on Linux  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n crossfade -i {ca}
  Firefox          Settings, Certificates, View Certificates, Authorities, Import

Whoever has {key} can vouch for any website towards those who trust it.
It stays on this machine; where it is to sign nothing more, delete it.
"""


@click.command(
    short_help="Make a TLS certificate, by an authority of this machine's own.",
    epilog=example("crossfade certs --host speech.lan --host 192.168.1.20"),
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A name or an address by which clients call this server. Can be repeated. "
    "[default: localhost, this machine's name]",
)
@setting_options("data_dir")
@JSON_OPTION
def certs(hosts: tuple[str, ...], *, config: Path | None, as_json: bool, **flags: object) -> None:
    """Make a certificate for this server, by an authority of this machine's own.

    Run again, it renews the certificate and keeps its names; the authority stays, and so does the
    trust in it. `crossfade serve --tls` uses the certificate, and a running one takes it over.
    """
    from crossfade.server.certificates import issue, own_names

    folder = load_settings(flags, config).data_dir / "tls"
    issued = issue(folder, (*hosts, *own_names()))
    if as_json:
        click.echo(json.dumps(_public(issued)))
    else:
        click.echo(_told(issued))


def _told(issued: "Issued") -> str:
    key = issued.authority.with_name("ca-key.pem")
    return "\n".join(
        [
            f"The authority, for clients to trust:  {issued.authority}",
            f"The server's certificate:             {issued.certificate}",
            f"  for     {', '.join(issued.names)}",
            f"  until   {issued.expires:%Y-%m-%d}",
            "",
            _TRUST.format(ca=quote(str(issued.authority)), key=key),
        ]
    )


def _public(issued: "Issued") -> dict[str, object]:
    return {
        "ca": str(issued.authority),
        "cert": str(issued.certificate),
        "key_file": str(issued.key),
        "names": issued.names,
        "expires": int(issued.expires.timestamp()),
    }
