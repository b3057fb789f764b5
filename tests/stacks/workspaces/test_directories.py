"""Who makes the volumes' directories: a Job, or the storage layer before anything of the workspace."""

from __future__ import annotations

from infra_kit.inventory.volumes import GROUP, MODE, directories

from .conftest import evaluated, large, manifests, reference

SMALL = {"users": ["ada", "grace"], "admins": [], "jobs": large().jobs[:1]}


def test_the_arrays_directories_need_no_job():
    found = evaluated(reference("configuration-1"), large(**SMALL))
    assert manifests(found, "Job") == []
    claims = {each["metadata"]["name"] for each in manifests(found, "PersistentVolumeClaim")}
    assert {"project", "database", "home"} <= claims
    assert "export" not in claims


def test_elsewhere_a_job_makes_them_first():
    site, workspace = reference("configuration-2"), large(**SMALL)
    found = evaluated(site, workspace)
    (job,) = manifests(found, "Job")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["args"] == [each.path for each in directories(site, workspace)]
    environment = {each["name"]: each["value"] for each in container["env"]}
    assert (environment["MODE"], environment["GROUP"]) == (MODE, str(GROUP))
    after = {item.key.path for item in found.objects if any(key.kind == "Job" for key in item.depends_on)}
    assert {f"StatefulSet/{workspace.name}/database", f"CronJob/{workspace.name}/backup"} <= after


def test_every_volume_is_one_of_the_directories():
    for name in ("configuration-1", "configuration-2"):
        site, workspace = reference(name), large(**SMALL)
        root = site.kubernetes.volumes.nfs.path
        made = {f"{root}/{each.path}" for each in directories(site, workspace)}
        mounted = {each["spec"]["nfs"]["path"] for each in manifests(evaluated(site, workspace), "PersistentVolume")}
        assert mounted - made <= {root}
