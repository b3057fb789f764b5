from infra_kit.lab.memory import Memory


def test_a_fresh_device_remembers_nothing(tmp_path):
    assert Memory(tmp_path / "leaf01a.json").load() is None


def test_what_is_saved_is_loaded_by_the_next_run(tmp_path):
    file = tmp_path / "state" / "leaf01a.json"
    Memory(file).save({"a": 1})
    Memory(file).save({"a": 2})
    assert Memory(file).load() == {"a": 2}
    assert [path.name for path in file.parent.iterdir()] == ["leaf01a.json"]
