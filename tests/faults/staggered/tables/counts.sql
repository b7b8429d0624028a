-- One row per device and stagger window.
CREATE TABLE counts (
    Device STRING,
    WindowEnd STRING,
    Events BIGINT,
    Numbers INT
)
