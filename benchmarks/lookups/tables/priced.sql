CREATE TABLE priced (
    ticker STRING,
    company STRING,
    event_time STRING
)
