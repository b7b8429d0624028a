-- One row per record that is in no summary row; the columns of KDA's error_stream.
CREATE TABLE error_stream (
    ERROR_TIME STRING,
    ERROR_LEVEL STRING,
    ERROR_NAME STRING,
    MESSAGE STRING,
    DATA_ROWTIME STRING,
    DATA_ROW STRING,
    PUMP_NAME STRING
)
