-- One row per minute and device, as JSON on the stream of counts.
CREATE TABLE counts (
    Device STRING NOT NULL,
    MinuteEnd STRING NOT NULL,
    Events BIGINT NOT NULL,
    Amount DOUBLE NOT NULL
)
