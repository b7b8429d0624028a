-- One row per point.
CREATE TABLE spots (
    number BIGINT,
    hotspots STRING
)
