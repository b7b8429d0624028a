-- One row per line of the file of the reference table STATIONS.
-- The first version is valid since 1970: a row of a stream finds it whenever it came. With `refresh` in job.toml a
-- later version is valid from the moment that sequence_number says; part says where a version begins and ends.
CREATE TABLE STATIONS_file (
    line BYTES,
    shard STRING METADATA,
    sequence_number STRING METADATA,
    part STRING METADATA,
    arrival TIMESTAMP(3) NOT NULL METADATA,
    valid AS COALESCE(
        TO_TIMESTAMP(sequence_number, 'yyyy-MM-dd HH:mm:ss.SSS'), TO_TIMESTAMP('1970-01-01 00:00:00')
    ),
    WATERMARK FOR valid AS valid - INTERVAL '0.001' SECOND
)
