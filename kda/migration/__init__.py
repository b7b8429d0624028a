"""An application of KDA as the folder of a job. `python -m kda migrate --help`.

From an application to a folder, each step in its own module:

    leaving_out  the application without some pumps; Refused: a CANNOT stands
    described    schemas that a person gives
    parts        Wanted: what a person wants; Parts: what the files are made of
    declaration  job.toml; places: the names of streams, buckets and keys
    samples      records that are made up, from what the SQL compares (compared) and the schema's paths (paths)
    first_tests  tests/first.yaml, by the model of KDA; yaml_text
    page         README.md, reference/README.md
    migrating    migrated(application, wanted) -> Migrated: the files
    folder       their folder on disk, as a whole or not at all, and never over what was edited
    origin       what a folder was made of, again: the rows that its job must give
    command      the command line
"""
