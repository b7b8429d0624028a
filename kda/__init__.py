"""Applications of Kinesis Data Analytics for SQL (KDA): read, checked, and later migrated. `python -m kda --help`.

From a file to findings, each step in its own modules:

    places       File, Code and Place: where a character of an SQL text stands in the file that holds it
    malformed    Malformed: a sentence with file, line, column, and what was expected
    tree         a file's values with their places; json_tree, yaml_tree and terraform make it
    reader       read(path) -> Origin: the file's applications; schema(path) -> Schema: what `discover` wrote
                 with applications, templates, template_texts
    scanner      comments, placeholders and quotes of an SQL text
    dialect      KDA's dialect on sqlglot: tokens, grammar, printing
    program      parsed(code) -> Program: what the SQL declares and does
    windows      what a query does with time
    scope        which relation and column a name means
    model        run(application, records, references) -> Outcome: what it makes of records, without Flink
    casts        what type a value has, and whether a CAST of it can fail
    lookups      by which columns a reference table is looked up
    rule, rules  the registry of rules, and the rules of `check`
    check        check(application) -> Report
    guessing     completed(application) -> Application: columns that the file lacks, guessed from their use (uses)
    discovery    discovered(sample) -> Discovery: a schema from records, which has its own steps
    translation  translated(subject, options) -> Translation: the SQL of a job; its modules are in kda/translation

The model that `migrate` and the model of KDA in Python build on:

    Application  name, code, inputs, outputs, references (from JSON or a template; a .sql file has only code)
      Input      prefix, streams (X_001 ..), arn, service, parallelism, lambda_arn, and what a Schema has
      Output     stream, arn, service ("kinesis", "firehose", "lambda"), format
      Reference  table, bucket, key, and what a Schema has
      Schema     columns | None, format ("JSON", "CSV"), row_path, row_delimiter, column_delimiter
    Program      statements in the order of the text
      Stream     name, columns (name, type), query | None; comments; pumps into it
      Pump       name, target, columns | None, query: the sqlglot tree; comments
    Windowing    of one SELECT: `tumbling` (Window: milliseconds, offset, how it was written) or `stagger`, `distinct`,
                 `counting`, `sliding` (one Sliding per OVER), `is_grouped`

Names are as KDA has them: an unquoted name is in upper case, a quoted one as it stands. A node of a tree has its place
by `program.offset(node)`, an index into the code, and `Code.place(offset)` makes the file's line and column of it.
"""
