"""What `deploy/` promises exists: settings by their names, endpoints, files."""

import re

import httpx
import yaml

from crossfade.server.limits import Patience
from crossfade.settings.table import SETTINGS
from processes import CHECKOUT, KEY, serving

DEPLOY = CHECKOUT / "deploy"
VARIABLES = {setting.env for setting in SETTINGS}
PARTING_S = Patience().parting_s


def container():
    documents = yaml.safe_load_all((DEPLOY / "kubernetes" / "crossfade.yaml").read_text())
    deployment, service = documents
    assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"]
    return deployment["spec"]["template"]["spec"]


def test_every_variable_is_a_setting():
    (spec,) = container()["containers"]
    image = re.findall(r"\b(CROSSFADE_\w+)=", (DEPLOY / "Containerfile").read_text())
    assert image
    assert variables(spec).keys() | set(image) <= VARIABLES


def variables(spec):
    return {row["name"]: row["value"] for row in spec["env"]}


def test_a_replica_may_drain_for_as_long_as_it_wants():
    pod = container()
    (spec,) = pod["containers"]
    program, wait_s = spec["lifecycle"]["preStop"]["exec"]["command"]
    assert program == "sleep"
    drain_s = float(variables(spec)["CROSSFADE_DRAIN_S"])
    assert pod["terminationGracePeriodSeconds"] > float(wait_s) + drain_s + PARTING_S


def test_a_replica_counts_on_no_more_cores_than_it_asks_for():
    (spec,) = container()["containers"]
    assert variables(spec)["CROSSFADE_THREADS"] == spec["resources"]["requests"]["cpu"]


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
