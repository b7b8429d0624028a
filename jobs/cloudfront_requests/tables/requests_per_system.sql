-- One item per operating system: all its requests so far. Each newer row takes the place of the one before.
CREATE TABLE requests_per_system (
    OperatingSystem STRING NOT NULL,
    Requests BIGINT NOT NULL
)
