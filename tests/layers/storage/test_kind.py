from hypothesis import given
from hypothesis import strategies as st

from infra_kit.layers.storage.kind import flat, nested
from infra_kit.layers.storage.kinds import BY_NAME, KINDS
from infra_kit.layers.storage.layer import LAYER

NAMES = st.text("abcdefgh_", min_size=1, max_size=4)
BODIES = st.recursive(
    st.dictionaries(NAMES, st.integers() | st.lists(st.integers(), max_size=2), min_size=1, max_size=3),
    lambda inner: st.dictionaries(NAMES, inner | st.none(), min_size=1, max_size=3),
    max_leaves=8,
)


@given(BODIES)
def test_dotted_paths_and_nested_objects_are_the_same_thing(body):
    assert nested(flat(body)) == body


def test_kinds_have_names_of_their_own():
    assert len(BY_NAME) == len(KINDS)


def test_parents_come_before_children(stand):
    seen = set()
    ids = {each.id for each in LAYER.resources(stand.site)}
    for each in LAYER.resources(stand.site):
        assert each.depends_on & ids <= seen, each.id
        seen.add(each.id)


def test_an_id_says_where_the_object_is(stand):
    for each in LAYER.resources(stand.site):
        kind_name, name = each.id.split("/", 2)[1:]
        kind = BY_NAME.get(kind_name)
        if kind is None or kind.settings:
            continue
        named = each.wanted.once.get("name") or each.wanted.once.get("path") or each.wanted.once["paths"][0]
        assert kind.place(name).key.endswith(named)
