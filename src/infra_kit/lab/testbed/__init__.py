"""Some hosts without a site, for the Molecule scenarios: `python -m infra_kit.lab.testbed up FOLDER < PLAN.json`, `... down FOLDER`."""
