"""Dell's own Hadoop tools as the judge: their identities and directories must go in as on a real cluster."""

import re
import subprocess
import sys
from pathlib import Path

import array_bench
import pytest

pytestmark = pytest.mark.judge

# The tools always speak to port 8080 and take no certificate authority: an address of our own, and --no-verify.
ADDRESS = "127.0.8.1"


def tool(name, stand, folder, *more):
    command = [Path(sys.executable).with_name(name), "--zone", "cdp", "--dist", "cdp", "--no-verify", "--onefs-user", array_bench.USER]
    command += ["--onefs-password", array_bench.PASSWORD, *more, ADDRESS]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """An array on which both tools have run, and what they said."""
    folder = tmp_path_factory.mktemp("hadoop-tools")
    with array_bench.bench(folder, address=ADDRESS, port=8080) as stand:
        with stand.http() as client:
            client.post("/platform/3/zones", json={"name": "cdp", "path": "/ifs/data/cdp", "create_path": True}).raise_for_status()
            root = {"x-isi-ifs-target-type": "container", "x-isi-ifs-access-control": "0755"}
            client.put("/namespace/ifs/data/cdp/hdfs", headers=root).raise_for_status()
            client.put("/platform/12/protocols/hdfs/settings?zone=cdp", json={"root_directory": "/ifs/data/cdp/hdfs"}).raise_for_status()
        users = tool("isilon_create_users", stand, folder, "--user-password", "Judge-Pw-1")
        directories = tool("isilon_create_directories", stand, folder)
        yield stand, users, directories


def test_isilon_create_users_succeeds(deployed):
    _, users, _ = deployed
    assert users.returncode == 0, users.stderr
    for noun, count in (("group", 52), ("user", 50), ("proxy user", 12)):
        named = set(re.findall(rf"Creating the (\S+) {noun} with", users.stderr))
        assert len(named) == count, noun


def test_the_array_holds_what_was_created(deployed):
    stand, _, _ = deployed
    with stand.http() as client:
        groups = client.get("/platform/1/auth/groups?zone=cdp").json()["groups"]
        users = client.get("/platform/16/auth/users?zone=cdp&query_member_of=true").json()["users"]
        proxies = client.get("/platform/1/protocols/hdfs/proxyusers?zone=cdp").json()["proxyusers"]
    assert (len(groups), len(users), len(proxies)) == (52, 50, 12)
    atlas = next(user for user in users if user["name"] == "atlas")
    assert {group["name"] for group in atlas["member_of"]} == {"atlas", "hadoop", "supergroup"}


def test_isilon_create_directories_succeeds(deployed):
    stand, _, directories = deployed
    assert directories.returncode == 0, directories.stderr
    with stand.http() as client:
        acl = client.get("/namespace/ifs/data/cdp/hdfs/tmp?acl").json()
    assert acl["mode"] == "1777"
    assert acl["owner"]["name"] == "hdfs"
