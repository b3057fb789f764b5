from __future__ import annotations

GROUPS = [{"name": "operators", "gid": 48000}]
ADA = {"name": "ada-of-a-test", "uid": 48001, "groups": ["operators"]}
BOB = {"name": "bob-of-a-test", "uid": 48002}


def lines(folder, file, name):
    return [line for line in (folder / "etc" / file).read_text().splitlines() if line.split(":")[0] == name]


def test_accounts_are_made_changed_and_shut(isolated, tmp_path):
    def task(users):
        record = f"{tmp_path}/accounts.json"
        return {"name": "accounts", "accounts": {"groups": GROUPS, "users": users, "record": record}}

    checked = isolated(task([ADA, BOB]), check=True).last
    assert lines(tmp_path, "passwd", "ada-of-a-test") == []
    made = isolated(task([ADA, BOB])).last
    assert checked["commands"] == made["commands"]
    assert len(made["commands"]) == 3
    assert lines(tmp_path, "group", "operators") == ["operators:x:48000:ada-of-a-test"]
    assert (tmp_path / "home" / "ada-of-a-test").is_dir()
    assert not isolated(task([ADA, BOB])).last["changed"]
    # Bob leaves, Ada leaves the operators.
    changed = isolated(task([{**ADA, "groups": []}])).last
    assert changed["commands"] == ["usermod --groups '' ada-of-a-test", "usermod --lock --expiredate 1 bob-of-a-test"]
    assert lines(tmp_path, "group", "operators") == ["operators:x:48000:"]
    assert not isolated(task([{**ADA, "groups": []}])).last["changed"]
    # Bob comes back, and finds his account as it was.
    assert isolated(task([{**ADA, "groups": []}, BOB])).last["commands"] == ["usermod --expiredate '' bob-of-a-test"]


def test_a_number_that_is_anothers_is_refused(isolated, tmp_path):
    task = {"name": "accounts", "accounts": {"users": [{"name": "eve-of-a-test", "uid": 0}], "record": f"{tmp_path}/accounts.json"}}
    assert "the number 0, which root has on this host" in isolated(task).last["msg"]
