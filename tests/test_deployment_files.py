"""What `deploy/` promises exists: settings by their names, endpoints, files."""

import re

import httpx
import yaml

from crossfade.settings.table import SETTINGS
from processes import CHECKOUT, KEY, serving

DEPLOY = CHECKOUT / "deploy"
VARIABLES = {setting.env for setting in SETTINGS}


def container():
    documents = yaml.safe_load_all((DEPLOY / "kubernetes" / "crossfade.yaml").read_text())
    deployment, service = documents
    assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"]
    return deployment["spec"]["template"]["spec"]


def test_every_variable_is_a_setting():
    (spec,) = container()["containers"]
    image = re.findall(r"\b(CROSSFADE_\w+)=", (DEPLOY / "Containerfile").read_text())
    assert image
    assert {row["name"] for row in spec["env"]} | set(image) <= VARIABLES


def test_a_replica_may_drain_for_as_long_as_it_wants():
    pod = container()
    (spec,) = pod["containers"]
    (drain,) = [row["value"] for row in spec["env"] if row["name"] == "CROSSFADE_DRAIN_S"]
    assert pod["terminationGracePeriodSeconds"] > float(drain) + 5


def test_the_image_is_made_of_files_that_are_there():
    copied = re.findall(r"^COPY (.+) \S+$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    names = [name for line in copied for name in line.split()]
    assert names
    assert all((CHECKOUT / name).exists() for name in names)


def test_probes_ask_what_the_server_answers(tmp_path):
    (spec,) = container()["containers"]
    paths = [spec[probe]["httpGet"]["path"] for probe in ("readinessProbe", "livenessProbe")]
    with serving(tmp_path, "--key", KEY) as server:
        for path in paths:
            assert httpx.get(f"http://{server.address}{path}").status_code == 200
