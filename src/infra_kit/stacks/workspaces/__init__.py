"""The stack of one machine-learning workspace.

`workspace.py` is the list of its components, each in a file of its own. Another component is one more file, one more line there, and,
where others connect to it or it to them, a row in `data/services.yaml`: the openings in the network policies, its part of the quota, its
address (`Names.address`) and whether it is there at all (`when`) follow from the row. What components share:

- `Context`: the inventory, the names, `services(...)` / `user(...)` / `cluster_wide(...)` as places for objects, `replicas(n)`: 0 while the
  workspace is suspended.
- `Names.database(name)`: host, port, database and Secret (keys `username`, `password`, `database`) of each row under `databases:`; the
  Secrets are made by `credentials.Credentials`.
- `volumes.SERVICE_VOLUMES`: claims among the services named `project`, `artifacts`, `backups`, `database`, whose sizes are the percentages
  under `storage:`; pods that mount one belong to the group `volumes.GROUP` and come after `Directories.made`.
- `jobs.MAIL_ANNOTATION` on a Job (or a CronJob's job template) among the services: who hears of its failure.
- Pods of deployed models carry `app.kubernetes.io/component: model`, those of applications `application`.
- Nothing is called `user-...`: those names are the users' namespaces'.
"""
