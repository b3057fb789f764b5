from __future__ import annotations

import os
import shutil
import subprocess

import pytest

HINT = "--allow-wipe hosts/storage/worker01"


@pytest.fixture
def loops(tmp_path):
    """Two loop devices of 32 MB."""
    if os.getuid() != 0 or shutil.which("losetup") is None or shutil.which("mkfs.ext4") is None:
        pytest.skip("loop devices need root, losetup (mount) and mkfs.ext4 (e2fsprogs)")
    devices = []
    for name in ("a", "b"):
        image = tmp_path / name
        with image.open("wb") as file:
            file.truncate(32 << 20)
        made = subprocess.run(["losetup", "--find", "--show", str(image)], capture_output=True, text=True, check=False)
        if made.returncode:
            pytest.skip(f"no loop device can be had here: {made.stderr.strip()}")
        devices.append(made.stdout.strip())
    yield devices
    for device in devices:
        subprocess.run(["losetup", "--detach", device], check=True)
    for mount in tmp_path.glob("data/*"):
        subprocess.run(["chattr", "-i", str(mount)], check=False, capture_output=True)


def test_disks_are_formatted_once_and_never_where_they_hold_something(isolated, tmp_path, loops):
    (tmp_path / "etc" / "fstab").write_text("# the installer's\n/dev/root / ext4 defaults 0 1\n")
    mounts = [{"mount": f"{tmp_path}/data/{number}", "path": device} for number, device in enumerate(loops, 1)]

    def task(**more):
        return {"name": "disks", "disks": {"mounts": mounts, "filesystem": "ext4", "hint": HINT, **more}}

    look = {"name": "look", "command": "cat /proc/mounts", "check_mode": False}
    # What one play mounts is gone with its mount namespace: the next one mounts again, as after a reboot.
    checked = isolated(task(), check=True).last
    made, mounted, again = isolated(task(), look, task()).results
    assert checked["commands"] == made["commands"]
    assert f"{loops[0]} {tmp_path}/data/1 ext4 rw,noatime" in mounted["stdout"]
    assert not again["changed"]
    fstab = (tmp_path / "etc" / "fstab").read_text().splitlines()
    assert fstab[:2] == ["# the installer's", "/dev/root / ext4 defaults 0 1"]
    assert [line.split()[1] for line in fstab[2:]] == [each["mount"] for each in mounts]
    assert all(line.startswith("UUID=") for line in fstab[2:])
    assert isolated(task(), check=True).last["commands"] == [f"mount {each['mount']}" for each in mounts]

    subprocess.run(["mkfs.ext4", "-q", "-F", "-L", "precious", loops[0]], check=True)
    refused = isolated(task()).last
    assert f"{loops[0]} (0 GB) holds ext4 precious" in refused["msg"]
    assert HINT in refused["msg"]
    assert b"precious" in subprocess.run(["blkid", "--probe", loops[0]], capture_output=True, check=True).stdout
    allowed = isolated(task(allow_wipe=True)).last
    assert allowed["commands"][0] == f"wipefs --all {loops[0]}"

    other = isolated({"name": "disks", "disks": {"mounts": mounts, "filesystem": "xfs"}}).last
    assert "has it as ext4, not xfs" in other["msg"]


def test_a_disk_is_found_by_its_size_and_kind(load_module):
    module = load_module("disks")
    node = {"path": "/dev/null", "type": "disk", "ro": False, "size": 960_197_124_096, "rota": False, "serial": "S1"}
    wanted = {"path": None, "serial": None, "size_gb": 960.0, "rotational": False}
    assert module.Disk(node).fits(wanted)
    assert not module.Disk({**node, "size": 1_000_204_886_016}).fits(wanted)
    assert not module.Disk({**node, "rota": True}).fits(wanted)
    assert not module.Disk({**node, "path": "/dev/a-disk-of-the-machine-that-a-container-sees"}).fits(wanted)
    assert module.Disk(node).fits({**wanted, "serial": "S1", "size_gb": None})
    assert not module.Disk(node).fits({**wanted, "serial": "S2"})
    part = {"path": "/dev/null1", "type": "part", "mountpoint": "/boot"}
    assert module.Disk({**node, "children": [part]}).in_use
    assert module.Disk({**node, "children": [{**part, "mountpoint": None, "children": [{"path": "/dev/dm-0", "type": "lvm"}]}]}).in_use
