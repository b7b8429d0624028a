-- One row per line of the file of the reference table STATIONS.
-- All are valid since 1970: a row of a stream finds them whenever it came.
CREATE TABLE STATIONS_file (
    line BYTES,
    shard STRING METADATA,
    sequence_number STRING METADATA,
    part STRING METADATA,
    arrival TIMESTAMP(3) NOT NULL METADATA,
    valid AS TO_TIMESTAMP('1970-01-01 00:00:00'),
    WATERMARK FOR valid AS valid
)
