"""What fails around a role: the host's disk, the mirror, a clock, the run itself in the middle of a rolling reboot."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from infra_kit.inventory.errors import ExitCode, LabError

FULL = "mkdir -p {0} && mount -t tmpfs -o size=64k full {0} && head -c 100000 /dev/zero > {0}/ballast; test -s {0}/ballast"
GIVE_UP = "mountpoint -q {0} && umount {0}; true"


@pytest.fixture
def worker(stand):
    """One host, and a role that writes to /srv/bulk."""
    import hosts_bench

    stand.names, stand.roles = ("worker01",), hosts_bench.own_roles("bad-days.yaml", "bulk")
    yield stand
    stand.on("worker01", "; ".join(GIVE_UP.format(place) for place in ("/srv/bulk", "/var/lib/infra-kit")) + "; rm -rf /srv/bulk")


def test_a_disk_that_is_full_is_named_nothing_half_written_is_left_and_resume_ends_it(worker):
    worker.on("worker01", "mkdir -p /srv/bulk && mount -t tmpfs -o size=64k full /srv/bulk")
    report = worker.apply()
    assert report.exit_code == ExitCode.PARTIAL
    message = report.outcomes["hosts/bulk/worker01"].message
    assert "task 'Write what is large' of role bulk failed" in message
    assert "/srv/bulk/large" in message
    assert "No space left on device" in message
    assert "free space on worker01, then `infra-kit apply --resume`" in message
    assert worker.on("worker01", "ls -A /srv/bulk").split() == ["small"]
    worker.on("worker01", "mount -o remount,size=4m /srv/bulk")
    assert worker.apply(resume=True).exit_code == ExitCode.OK
    assert worker.on("worker01", "ls -A /srv/bulk").split() == ["large", "small"]


def test_a_host_that_cannot_even_note_what_is_begun_is_left_as_it_is(worker):
    worker.on("worker01", FULL.format("/var/lib/infra-kit"))
    report = worker.apply()
    assert report.exit_code != ExitCode.OK
    message = report.outcomes["hosts/bulk/worker01"].message
    assert "cannot be noted on the host" in message
    assert "No space left on device" in message
    assert "free space there" in message
    assert worker.on("worker01", "ls -A /srv/bulk 2>/dev/null; ls -A /var/lib/infra-kit").split() == ["ballast"]
    worker.on("worker01", GIVE_UP.format("/var/lib/infra-kit"))
    assert worker.apply().exit_code == ExitCode.OK


@pytest.fixture(scope="module")
def mirror(host_bench):
    """The lab's own package mirror, for the tests' hosts."""
    import hosts_bench

    from infra_kit.inventory.load import load_site
    from infra_kit.lab.mirror.mirror import Mirror
    from infra_kit.lab.mirror.supplies import held

    try:
        repository = held(load_site(host_bench.folder / "site")).repository
    except LabError as error:
        pytest.skip(str(error))
    made = Mirror(packages=(repository, host_bench.hosts.namespace.listen(str(hosts_bench.SERVICES), 80)))
    host_bench.run(made.__aenter__())
    yield made
    host_bench.run(made.__aexit__(None, None, None))


@pytest.fixture
def supplied(worker, mirror):
    """The host, with the mirror as its only source of packages, and a role that installs some."""
    import hosts_bench

    worker.roles = hosts_bench.own_roles("bad-days.yaml", "fetch")
    source = "deb [trusted=yes] http://10.10.0.80/debian bookworm main"
    worker.on("worker01", f"rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/*; echo '{source}' > /etc/apt/sources.list")
    yield worker
    mirror.faults.update({"unreachable": False})
    worker.on("worker01", "dpkg --purge ifenslave vlan; rm -f /etc/apt/sources.list")


def test_a_mirror_that_goes_away_in_the_middle_is_named_and_resume_ends_it(supplied, mirror):
    from hosts_bench import Dialogue

    dialogue = Dialogue()

    def take_away(event):
        if event.moment == "waiting" and "Wait for whoever" in event.message:
            dialogue.on_event = lambda _: None
            mirror.faults.update({"unreachable": True})
            supplied.on("worker01", "rm /run/hold")

    dialogue.on_event = take_away
    supplied.on("worker01", "touch /run/hold")
    report = supplied.apply(dialogue)
    assert report.exit_code == ExitCode.PARTIAL
    message = report.outcomes["hosts/fetch/worker01"].message
    assert "task 'Install the second' of role fetch failed" in message
    assert "the package mirror http://10.10.0.80/debian must answer" in message
    assert "`infra-kit apply --resume`" in message
    look = "dpkg --audit; dpkg-query --show --showformat '${Package} ${Status}\\n' vlan ifenslave 2>/dev/null || true"
    assert supplied.on("worker01", look).splitlines() == ["vlan install ok installed"]
    mirror.faults.update({"unreachable": False})
    assert supplied.apply(resume=True).exit_code == ExitCode.OK
    assert "ifenslave" in supplied.on("worker01", "dpkg-query -W ifenslave")


def test_packages_that_do_not_fit_are_told_as_a_full_disk(supplied):
    supplied.on("worker01", FULL.format("/var/cache/apt/archives"))
    try:
        message = supplied.apply().outcomes["hosts/fetch/worker01"].message
    finally:
        supplied.on("worker01", GIVE_UP.format("/var/cache/apt/archives"))
    assert "free space on worker01, then `infra-kit apply --resume`" in message
    assert supplied.apply(resume=True).exit_code == ExitCode.OK


def test_a_clock_ten_minutes_off_is_told_before_anything_rests_on_it(stand, monkeypatch, tmp_path):
    """Only the difference counts. A container has its machine's clock, so it is this program's that goes wrong."""
    import hosts_bench

    from infra_kit.layers.hosts.remote import client

    stand.names, stand.roles = ("worker01",), hosts_bench.shipped("time", "node_exporter")
    assert stand.apply().exit_code == ExitCode.OK
    assert {each.diff.action for each in stand.plan().values()} == {"none"}

    wrong = tmp_path / "date"
    wrong.write_text("#!/bin/sh\nexec /bin/date -d '-10 minutes' \"$@\"\n")
    wrong.chmod(0o755)
    with monkeypatch.context() as off:
        off.setenv("PATH", f"{tmp_path}:/usr/sbin:/usr/bin:/sbin:/bin")
        off.setattr(client, "time", SimpleNamespace(time=lambda: time.time() - 600, monotonic=time.monotonic))
        entry = stand.plan()["hosts/time/worker01"]
        assert "task 'Refuse a clock that is far off' failed: The host's clock is 6" in entry.diff.reason
        assert "certificates and Kerberos tickets would be refused" in entry.diff.reason
        # As a host that gets all of it for the first time.
        stand.on("worker01", "rm -rf /var/lib/infra-kit; systemctl disable --now prometheus-node-exporter.service")
        report = stand.apply()
        assert "The host's clock is 6" in report.outcomes["hosts/time/worker01"].message
        assert "Set it once by hand" in report.outcomes["hosts/time/worker01"].message
        assert report.outcomes["hosts/node_exporter/worker01"].kind == "skipped"
    assert stand.apply(resume=True).exit_code == ExitCode.OK


KUBECTL = """cat > /usr/local/bin/kubectl <<'END'
#!/bin/sh
# What a cluster remembers of its nodes: who is cordoned.
shift 2
mkdir -p /var/tmp/cordoned
case $1 in drain) touch /var/tmp/cordoned/$2;; uncordon) rm -f /var/tmp/cordoned/$2;; esac
END
chmod 0755 /usr/local/bin/kubectl"""
ROLLING = """
import pathlib, sys
sys.path.insert(0, {here!r})
import bench as hosts_bench
up = hosts_bench.Bench(pathlib.Path({folder!r}), None, None, {{}}, pathlib.Path({overlay!r}), {{}}, {names!r})
up.roles = hosts_bench.shipped("reboot")
class Loud(hosts_bench.Dialogue):
    def event(self, event):
        if event.moment == "waiting":
            print(event.message, flush=True)
up.apply(Loud(), allow_reboot=True)
"""


def boots(stand):
    """When each worker's first process began (proc(5), starttime)."""
    return [stand.on(name, "cut --delimiter=' ' --fields=22 /proc/1/stat") for name in ("worker01", "worker02")]


def test_a_run_that_is_killed_in_a_rolling_reboot_leaves_one_node_out_of_service_and_says_so(stand):
    import hosts_bench

    stand.names, stand.roles = ("master01", "worker01", "worker02"), hosts_bench.shipped("reboot")
    stand.on("master01", KUBECTL)
    for name in ("worker01", "worker02"):
        stand.on(name, "mkdir -p /var/lib/infra-kit; touch /var/lib/infra-kit/reboot-required")
    before = boots(stand)
    program = ROLLING.format(here=str(Path(__file__).parent), folder=str(stand.folder), overlay=str(stand.overlay), names=stand.names)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as killed:
        for line in killed.stdout:
            if "Reboot" in line:
                killed.kill()
                break
    assert killed.returncode == -signal.SIGKILL
    assert stand.on("master01", "ls /var/tmp/cordoned").split() == ["worker01"]

    stand.run(stand.hosts.hosts["worker01"].ready())
    entry = stand.plan()["hosts/reboot/worker01"]
    assert "a run began it here and did not end it" in entry.diff.reason
    assert "~ Take the node into service again" in entry.diff.text

    # Resumed with the leave to reboot that the run had.
    report = stand.apply(resume=True, break_lock=True)
    assert report.exit_code == ExitCode.OK, {name: outcome.message for name, outcome in report.outcomes.items()}
    assert stand.on("master01", "ls /var/tmp/cordoned") == ""
    assert all(now != then for now, then in zip(boots(stand), before, strict=True))
    assert {each.diff.action for each in stand.plan().values()} == {"none"}

    # What a killed run left is put right by one that may not reboot, too.
    stand.on("master01", "touch /var/tmp/cordoned/worker01")
    stand.on("worker01", "touch /var/lib/infra-kit/reboot-begun")
    assert stand.apply().exit_code == ExitCode.OK
    assert stand.on("master01", "ls /var/tmp/cordoned") == ""
