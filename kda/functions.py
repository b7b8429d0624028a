"""The functions of KDA's SQL: which are the same in Flink, which are rewritten, and which have no counterpart."""

from __future__ import annotations

from kda.cursors import FUNCTIONS

AGGREGATES = {
    *("AVG", "COUNT", "MAX", "MIN", "SUM", "FIRST_VALUE", "LAST_VALUE"),
    *("STDDEV", "STDDEV_POP", "STDDEV_SAMP", "VAR_POP", "VAR_SAMP"),
}
# By the same name, or by one that prints the same: no rule speaks of them.
SAME = {
    *AGGREGATES,
    *("ABS", "CEIL", "CEILING", "EXP", "FLOOR", "LN", "LOG10", "MOD", "POWER"),
    *("CHAR_LENGTH", "CHARACTER_LENGTH", "INITCAP", "LOWER", "OVERLAY", "POSITION", "SUBSTRING", "TRIM", "UPPER"),
    *("COALESCE", "NULLIF", "EXTRACT"),
}
# What a call becomes, for K05.
REWRITTEN = {
    "FAST_REGEX_LOG_PARSER": "one regular expression for each column",
    "FAST_REGEX_LOG_PARSE": "one regular expression for each column",
    "MONOTONIC": "its argument",
    "REGEX_LOG_PARSE": "one regular expression for each column",
    "REGEX_REPLACE": "REGEXP_REPLACE",
    "TO_TIMESTAMP": "TO_TIMESTAMP_LTZ in UTC",
    "UNIX_TIMESTAMP": "milliseconds since 1970, as in KDA; Flink's own function of this name gives seconds",
    "VARIABLE_COLUMN_LOG_PARSE": "SPLIT_INDEX for each column",
    "W3C_LOG_PARSE": "a regular expression of the log's format",
}
FORMATTING = {"TIMESTAMP_TO_CHAR", "DATE_TO_CHAR", "TIME_TO_CHAR"}
PARSING = {"CHAR_TO_TIMESTAMP": "a time", "CHAR_TO_DATE": "a date", "CHAR_TO_TIME": "a time of day"}
NOW = {"CURRENT_TIMESTAMP", "CURRENT_ROW_TIMESTAMP", "LOCALTIMESTAMP", "CURRENT_DATE", "CURRENT_TIME", "LOCALTIME"}
TUMBLING = {"TOP_K_ITEMS_TUMBLING", "COUNT_DISTINCT_ITEMS_TUMBLING"}  # of TABLE(..)
# That have rules of their own.
RULED = {*FORMATTING, *PARSING, "LAG", "TSDIFF", *TUMBLING, *FUNCTIONS}
KNOWN = {*SAME, *REWRITTEN, *RULED}
