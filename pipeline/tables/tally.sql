-- One row per kind of line that a backfill read: what its report says of the archive.
CREATE TABLE tally (
    kind STRING NOT NULL,
    lines BIGINT NOT NULL,
    oldest STRING,
    newest STRING
)
