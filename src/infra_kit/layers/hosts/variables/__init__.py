"""Which variables a role gets on a host: one module a role, of the role's name.

Module `X` has `def build(facts: HostFacts) -> dict[str, Any]`: the variables of role X on that host, each named `X_...` as the role's
`meta/argument_specs.yml` documents it. Values are JSON-able (no model, no address object), or `Secret` anywhere within them. Pure: the
same facts give the same variables, which are a part of what says whether a role is to run again. A role without a module has none.
"""
