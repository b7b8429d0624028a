"""The benchmark of functions before SQL, without Flink: its table, and what it refuses."""

from __future__ import annotations

import base64
import json

import pytest

from benchmarks import preprocessing
from benchmarks.figures import Spread
from benchmarks.preprocessing import Form
from benchmarks.tables import Unequal
from pipeline import handler
from pipeline.job import load

ROUNDS = {
    "none": [{"wall": 2e-5, "flink": 6e-6, "python": 0.0}, {"wall": 4e-5, "flink": 8e-6, "python": 0.0}],
    "Python 50": [{"wall": 1e-4, "flink": 1e-5, "python": 9e-6}, {"wall": -1e-6, "flink": 1e-5, "python": 9e-6}],
}


def test_the_table() -> None:
    """A row for each form that ran, with medians; a figure that is no cost, as more records took less, is left out."""
    made = preprocessing.table(ROUNDS, ["A note."], (1_000, 11_000))
    assert [row[:2] for row in made.rows] == [("no function", ""), ("Python", "50")]
    rate, flink, python = made.rows[0][2:]
    assert isinstance(rate, Spread)
    assert isinstance(flink, Spread)
    assert (round(rate.minimum), round(rate.maximum), round(flink.median, 9), python) == (25_000, 50_000, 7.0, None)
    assert made.rows[1][2] is None
    assert made.notes[-1] == "A note."
    assert made.raw == ROUNDS


def test_rows_that_are_not_those_of_the_records() -> None:
    """A row that is missing, there twice, or without the field of the function is an error, and no figure."""
    good = [{"n": number, "seen": True, "problem": None} for number in range(3)]
    preprocessing.require_rows(good, 3, Form("Python", 50))
    for wrong in (good[1:], [*good, good[0]], [{**good[0], "seen": None}, *good[1:]]):
        with pytest.raises(Unequal):
            preprocessing.require_rows(wrong, 3, Form("Python", 50))
    with pytest.raises(Unequal):
        preprocessing.require_rows(good, 3, Form("none"))


def test_the_handler_adds_a_field() -> None:
    """It answers each record of an event by the contract; the job has it, or a Lambda function in its place."""
    function = handler.load(preprocessing.JOB / "preprocess.py")
    line = preprocessing.record(7)
    assert 120 <= len(line) <= 140
    answer = function({"records": [{"recordId": "r", "data": base64.b64encode(line.encode()).decode()}]}, None)
    (record,) = answer["records"]
    assert (record["recordId"], record["result"]) == ("r", "Ok")
    assert json.loads(base64.b64decode(record["data"])) == {**json.loads(line), "seen": True}
    job = load(preprocessing.JOB)
    assert job.handler("lines") is not None
    assert preprocessing.without_function(job).handler("lines") is None
