"""Real images, in the user's cache: each is unpacked by tar, and what pods start is started in it, as the image's user.

The small ones are built by every run that can; INFRA_KIT_TEST_IMAGES=1 builds and tries all of the catalogue (5 minutes, 7 GB).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab.mirror.images.building import build
from infra_kit.lab.mirror.images.catalogue import catalogue_images
from infra_kit.lab.mirror.images.chroot import Chroot
from infra_kit.lab.mirror.images.kubernetes import kubernetes_images
from infra_kit.lab.programs.program import locate_all

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.mirror.images.recipe import Recipe

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mmdebstrap") is None, reason="images are built by root, with mmdebstrap (apt-get install mmdebstrap)"
)
ALL = pytest.mark.skipif(os.environ.get("INFRA_KIT_TEST_IMAGES") != "1", reason="INFRA_KIT_TEST_IMAGES=1 builds every image")

SPARK_JOB = """
from pyspark.sql import SparkSession
builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.driver.memory", "512m")
builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
print("sum", builder.getOrCreate().sparkContext.parallelize(range(1000)).sum())
"""
STARTS = [
    pytest.param("operations", "python3 -c 'import os, pwd, ssl, sqlite3; print(pwd.getpwuid(os.getuid()).pw_name)'", "user10001"),
    pytest.param("auth-proxy", "nginx -v", "nginx/1.22"),
    pytest.param("http-proxy", "configurable-http-proxy --version", "5.3.0", marks=ALL),
    pytest.param("postgres", "initdb -D /tmp/pg -U postgres -E UTF8 --locale=C.UTF-8 && pg_dump --version", "(PostgreSQL) 15", marks=ALL),
    pytest.param(
        "jupyterhub",
        "python3 -c 'import kubespawner, ldapauthenticator, oauthenticator.generic, psycopg2'; jupyterhub --version",
        "6.1.1",
        marks=ALL,
    ),
    pytest.param("session-python", "jupyter kernelspec list && python3 -m jupyterhub.singleuser --version", "python3", marks=ALL),
    pytest.param("session-python", f"python3 -c '{SPARK_JOB}'", "sum 499500", marks=ALL),
    pytest.param(
        "spark", "/opt/spark/bin/spark-class org.apache.spark.deploy.history.HistoryServer --help", "--properties-file", marks=ALL
    ),
    pytest.param("mlflow", "python3 -c 'import mlflow.server, psycopg2' && python3 -m mlflow --version", "3.17.2", marks=ALL),
    pytest.param("model-server", "python3 -c 'import mlserver_mlflow' && mlserver --version", "1.7.1", marks=ALL),
    pytest.param("saml-proxy", "apache2 -v && ls /usr/lib/apache2/modules/mod_auth_mellon.so", "mod_auth_mellon.so", marks=ALL),
]


def _trees(recipe: Recipe, folder: Path) -> list[Path]:
    """The image's layers, each unpacked."""
    try:
        [image] = build([recipe], print)
    except LabError as error:
        pytest.skip(f"it cannot be built here: {error}")
    trees = []
    for number, (_, file) in enumerate(image.layers):
        trees.append(folder / str(number))
        trees[-1].mkdir()
        subprocess.run(["tar", "-C", trees[-1], "-xpf", file], check=True)
    return trees


@pytest.mark.parametrize(("name", "script", "said"), STARTS)
def test_an_image_starts_what_pods_start(configuration_1: Site, tmp_path: Path, name: str, script: str, said: str) -> None:
    [recipe] = catalogue_images(configuration_1, [name])
    upper, hosts = tmp_path / "upper", tmp_path / "hosts"
    upper.mkdir()
    hosts.write_text(f"127.0.0.1 localhost {os.uname().nodename}\n")
    work = Chroot(_trees(recipe, tmp_path), upper, {hosts: "/etc/hosts"})
    user = ["setpriv", f"--reuid={recipe.uid}", f"--regid={recipe.uid}", "--clear-groups"]
    assert said in work.run([*user, "sh", "-ec", script], recipe.environment)


@pytest.fixture(scope="module")
def kube_proxy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root file system of kube-proxy's image, laid together by tar."""
    try:
        locate_all(purpose="node")
    except LabError as error:
        pytest.skip(str(error))
    recipe = next(recipe for recipe in kubernetes_images() if "/kube-proxy:" in recipe.reference)
    trees = _trees(recipe, tmp_path_factory.mktemp("layers"))
    root = tmp_path_factory.mktemp("kube-proxy")
    for tree in trees:
        subprocess.run(["cp", "-a", f"{tree}/.", root], check=True)
    return root


@pytest.mark.parametrize(
    "command",
    [
        *(
            "kube-proxy --version",
            "nft --version",
            "nft list tables",
            "iptables --version",
            "conntrack --version",
            "ipset --version",
            "modprobe --version",
        ),
        "iptables -t nat -A OUTPUT -p tcp -m comment --comment x -m addrtype --dst-type LOCAL -j MARK --set-mark 1",
        "ip6tables-save",
    ],
)
def test_kube_proxys_image_has_just_what_it_calls(kube_proxy: Path, command: str) -> None:
    inside = ["unshare", "--net", "chroot", str(kube_proxy), *command.split()]  # rules are those of a namespace that ends with it
    done = subprocess.run(inside, capture_output=True, text=True, env={"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, check=False)
    assert done.returncode == 0, done.stderr
    assert not (kube_proxy / "bin/sh").exists(), "nothing else is in there"
