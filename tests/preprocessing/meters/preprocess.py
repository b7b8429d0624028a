"""Lines such as `m1;2.5` become JSON; several readings in a line, with `|` between, are a document each.

A line with # is a comment, which is dropped. Other lines show what a function may do wrong.
"""

import base64
import json
import os
import time


def lambda_handler(event, context):
    print(f"{len(event['records'])} records, {context.get_remaining_time_in_millis()} ms")
    lines = [base64.b64decode(record["data"]).decode() for record in event["records"]]
    for line in lines:
        misbehave(line)
    answers = [answered(record, line) for record, line in zip(event["records"], lines, strict=True)]
    return {"records": [answer for answer in answers if answer]}


def misbehave(line):
    match line:
        case "raise":
            raise ValueError("no line of a meter")
        case "exit":
            os._exit(3)
        case "sleep":
            time.sleep(60)


def answered(record, line):
    data = {"data": record["data"]}
    wrong = {
        "missing": None,
        "failed": {"result": "ProcessingFailed", **data},
        "fine": {"result": "fine", **data},
        "no base64": {"result": "Ok", "data": "{}"},
        "no data": {"result": "Ok"},
        "stranger": {"recordId": "somebody's", "result": "Ok", **data},
    }
    if line in wrong:
        return wrong[line] and {"recordId": record["recordId"], **wrong[line]}
    if line.startswith("#"):
        return {"recordId": record["recordId"], "result": "Dropped"}
    documents = "".join(json.dumps(reading(text)) for text in line.split("|"))
    made = base64.b64encode(documents.encode()).decode()
    return {"recordId": record["recordId"], "result": "Ok", "data": made}


def reading(text):
    meter, kilowatts = text.split(";")
    return {"meter": meter, "kilowatts": float(kilowatts) if kilowatts else None}
