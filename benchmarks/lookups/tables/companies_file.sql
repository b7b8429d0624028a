CREATE TABLE companies_file (
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
