from __future__ import annotations

import os
import stat
from pathlib import Path

IDS = {"owner": str(os.getuid()), "group": str(os.getgid())}


def task(folder, files, **more):
    return {"name": "write", "files": {"pending": f"{folder}/pending", "files": [{**IDS, **each} for each in files], **more}}


def test_check_says_what_apply_does_and_a_second_run_does_nothing(play, tmp_path):
    (tmp_path / "templates" / "note.j2").write_text("# {{ who }}\n{% for each in each_of %}\n- {{ each }}\n{% endfor %}\n")
    (tmp_path / "gone").write_text("old\n")
    (tmp_path / "old.d").mkdir()
    for name in ("stray", "kept"):
        (tmp_path / "old.d" / name).write_text("x\n")
    files = [
        {
            "path": f"{tmp_path}/deep/note",
            "template": "note.j2",
            "vars": {"each_of": [1, 2]},
            "mode": "0640",
            "then": [f"touch {tmp_path}/ran"],
        },
        {"path": f"{tmp_path}/link", "link": "note"},
        {"path": f"{tmp_path}/gone", "present": False},
        {"path": f"{tmp_path}/left", "content": "x", "when": False},
    ]
    write = task(
        tmp_path,
        files,
        directories=[{"path": f"{tmp_path}/folder", "mode": "0700", **IDS}],
        absent=[f"{tmp_path}/old.d/*"],
        keep=[f"{tmp_path}/old.d/ke*"],
        absent_then=[f"touch {tmp_path}/removed"],
    )
    variables = {"who": "me"}
    checked = play(write, check=True, variables=variables).last
    assert not (tmp_path / "deep").exists()
    assert not (tmp_path / "ran").exists()
    applied = play(write, variables=variables).last
    assert (checked["changed_paths"], checked["ran"], checked["diff"]) == (applied["changed_paths"], applied["ran"], applied["diff"])
    assert [Path(path).name for path in applied["changed_paths"]] == ["folder", "note", "link", "gone", "stray"]
    note = tmp_path / "deep" / "note"
    assert note.read_text() == "# me\n- 1\n- 2\n"
    assert stat.S_IMODE(note.stat().st_mode) == 0o640
    assert (tmp_path / "link").readlink().as_posix() == "note"
    assert sorted(each.name for each in (tmp_path / "old.d").iterdir()) == ["kept"]
    assert (tmp_path / "ran").exists()
    assert (tmp_path / "removed").exists()
    assert not (tmp_path / "left").exists()
    again = play(write, variables=variables).last
    assert (again["changed"], again["diff"]) == (False, [])


def test_a_template_that_comes_to_nothing_is_an_empty_file(play, tmp_path):
    (play.folder / "templates" / "routes").write_text("{% for each in routes %}\n{{ each }}\n{% endfor %}\n")
    task = {"files": {"files": [{"path": str(tmp_path / "routes"), "template": "routes"}]}}
    play(task, variables={"routes": []})
    assert (tmp_path / "routes").read_text().strip() == ""
    play(task, variables={"routes": ["10.128.0.0/24 via 10.21.1.11"]})
    assert (tmp_path / "routes").read_text() == "10.128.0.0/24 via 10.21.1.11\n"


def test_what_somebody_changed_is_shown_and_mended(play, tmp_path):
    write = task(tmp_path, [{"path": f"{tmp_path}/note", "content": "one\ntwo\n"}])
    play(write)
    (tmp_path / "note").write_text("one\nthree\n")
    (tmp_path / "note").chmod(0o600)
    (entry,) = play(write, check=True).last["diff"]
    assert "three" in entry["before"]
    assert "mode 0600" in entry["before"]
    assert "two" in entry["after"]
    assert "mode 0644" in entry["after"]
    play(write)
    assert (tmp_path / "note").read_text() == "one\ntwo\n"


def test_a_secret_is_shown_nowhere(play, tmp_path):
    secret = {"path": f"{tmp_path}/key", "content": "{{ password }}\n", "secret": True, "mode": "0600"}
    variables = {"password": "correct-horse"}
    shown = [play(task(tmp_path, [secret]), variables=variables, check=True), play(task(tmp_path, [secret]), variables=variables)]
    assert (tmp_path / "key").read_text() == "correct-horse\n"
    (tmp_path / "key").write_text("battery-staple\n")
    shown.append(play(task(tmp_path, [secret]), variables=variables))
    shown.append(play(task(tmp_path, [{**secret, "present": False}]), variables=variables))
    (tmp_path / "key").write_text("battery-staple\n")
    (tmp_path / "key").chmod(0o600)
    shown.append(play(task(tmp_path, [], absent=[f"{tmp_path}/key"])))
    for each in shown:
        assert each.last["changed"]
        assert "not shown" in each.last["diff"][0]["before"] + each.last["diff"][0]["after"]
        assert "correct-horse" not in str(each.results)
        assert "battery-staple" not in each.printed


def test_no_file_is_written_where_one_is_refused(play, tmp_path):
    files = [
        {"path": f"{tmp_path}/good", "content": "good\n"},
        {"path": f"{tmp_path}/bad", "content": "bad words\n", "validate": "grep --quiet good %s"},
    ]
    for check in (True, False):
        refused = play(task(tmp_path, files), check=check).last
        assert refused["failed"]
        assert f"{tmp_path}/bad is refused by `grep`" in refused["msg"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["local", "play.yml", "remote", "templates"]


def test_a_command_that_failed_is_run_again_though_no_file_changes_any_longer(play, tmp_path):
    write = task(tmp_path, [{"path": f"{tmp_path}/note", "content": "x\n", "then": [f"test -e {tmp_path}/mended"]}])
    failed = play(write).last
    assert "the next run tries it again" in failed["msg"]
    assert (tmp_path / "note").read_text() == "x\n"
    waiting = play(write, check=True).last
    assert (waiting["changed"], waiting["changed_paths"], len(waiting["ran"])) == (True, [], 1)
    (tmp_path / "mended").touch()
    assert play(write).last["changed"]
    assert not play(write).last["changed"]


def test_what_cannot_be_rendered_or_written_is_said(play, tmp_path):
    (tmp_path / "templates" / "note.j2").write_text("{{ nobody_said_this }}\n")
    (tmp_path / "folder").mkdir()
    undefined = play(task(tmp_path, [{"path": f"{tmp_path}/note", "template": "note.j2"}])).last
    assert "note.j2" in undefined["msg"]
    assert "nobody_said_this" in undefined["msg"]
    both = play(task(tmp_path, [{"path": f"{tmp_path}/note", "template": "note.j2", "content": "x"}])).last
    assert "say one of" in both["msg"]
    folder = play(task(tmp_path, [{"path": f"{tmp_path}/folder", "content": "x"}])).last
    assert "is a directory on the host" in folder["msg"]
    nobody = {"path": f"{tmp_path}/note", "content": "x", "owner": "nobody-of-that-name"}
    assert "no user or group nobody-of-that-name" in play(task(tmp_path, [nobody])).last["msg"]
    assert play(task(tmp_path, [nobody]), check=True).last["changed"]


def test_a_kernel_value_is_compared_by_its_words(play, tmp_path):
    (tmp_path / "choice").write_text("always madvise [never]\n")
    (tmp_path / "range").write_text("32768\t60999\n")
    same = {f"{tmp_path}/choice": "never", f"{tmp_path}/range": "32768 60999", f"{tmp_path}/absent": "1"}
    quiet = play(task(tmp_path, [], kernel=same)).last
    assert not quiet["changed"]
    assert "this kernel has no" in str(quiet["warnings"])
    changed = play(task(tmp_path, [], kernel={f"{tmp_path}/choice": "madvise"}), check=True).last
    assert (changed["diff"][0]["before"], changed["diff"][0]["after"]) == ("never\n", "madvise\n")
