"""A schema from a sample of records, as KDA's DiscoverInputSchema made it. `python -m kda discover --help`.

From bytes to a page, each step in its own module:

    samples     Sample: the records of a file; gzip, arrays, several documents
    stream      sample(..) -> Sample: the records of a stream's shards; the only module that calls AWS
    documents   JSON values that know the text they were
    tree        Values: what was met at each path of the rows
    row_paths   where in a record its rows are
    texts       delimiters, rows and a header of CSV
    names       what KDA calls a column
    types       the type of a column, and what is not certain about it
    schema      discovered(sample) -> Discovery: columns, form, statistics, and kda.applications.Schema
    page        the page for people, the JSON, the SQL
    command     the command line
"""
