"""Dell's own Hadoop tools as the judge: their identities and directories must go in as on a real cluster."""

import re
import subprocess
import sys
from pathlib import Path

import array_bench
import pytest

# The tools always speak to port 8080 and take no certificate authority: an address of our own, and --no-verify.
ADDRESS = "127.0.8.1"


def tool(name, folder, *more):
    command = [Path(sys.executable).with_name(name), "--zone", "cdp", "--dist", "cdp", "--no-verify", "--onefs-user", array_bench.USER]
    command += ["--onefs-password", array_bench.PASSWORD, *more, ADDRESS]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.judge
def test_the_tools_deploy_a_cluster(tmp_path):
    """One test, because the port is fixed and a run takes a quarter of a minute."""
    with array_bench.bench(tmp_path, address=ADDRESS, port=8080) as stand, stand.http() as client:
        client.post("/platform/3/zones", json={"name": "cdp", "path": "/ifs/data/cdp", "create_path": True}).raise_for_status()
        root = {"x-isi-ifs-target-type": "container", "x-isi-ifs-access-control": "0755"}
        client.put("/namespace/ifs/data/cdp/hdfs", headers=root).raise_for_status()
        client.put("/platform/12/protocols/hdfs/settings?zone=cdp", json={"root_directory": "/ifs/data/cdp/hdfs"}).raise_for_status()

        said = tool("isilon_create_users", tmp_path, "--user-password", "Judge-Pw-1")
        # In a zone other than System the tool adds user `admin` to its 49.
        for noun, count in (("group", 52), ("user", 50), ("proxy user", 12)):
            assert len(set(re.findall(rf"Creating the (\S+) {noun} with", said))) == count, noun
        groups = client.get("/platform/1/auth/groups?zone=cdp").json()["groups"]
        users = client.get("/platform/16/auth/users?zone=cdp&query_member_of=true").json()["users"]
        proxies = client.get("/platform/1/protocols/hdfs/proxyusers?zone=cdp").json()["proxyusers"]
        assert (len(groups), len(users), len(proxies)) == (52, 50, 12)
        atlas = next(user for user in users if user["name"] == "atlas")
        assert {group["name"] for group in atlas["member_of"]} == {"atlas", "hadoop", "supergroup"}

        tool("isilon_create_directories", tmp_path)
        acl = client.get("/namespace/ifs/data/cdp/hdfs/tmp?acl").json()
        assert (acl["mode"], acl["owner"]["name"]) == ("1777", "hdfs")
