-- One row per alert, as JSON on the alerts stream; Subject and Message are what SNS takes.
CREATE TABLE alerts_stream (
    Name STRING NOT NULL,
    StatusTime STRING NOT NULL,
    Severity STRING NOT NULL,
    MagicPoints INT NOT NULL,
    HealthPoints INT NOT NULL,
    Subject STRING NOT NULL,
    Message STRING NOT NULL
)
