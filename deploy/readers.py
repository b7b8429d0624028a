"""Lambda functions that read the streams which a job writes: their event source mappings.

The functions are not the stack's: their roles must be allowed to read the stream by whoever owns them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from connectors import kinesis
from deploy.declared import Place
from deploy.names import Node, camel, free
from pipeline import settings
from pipeline.job import Job

SETTING = "function"
_BATCH = 100  # records, at most, of a call of the function


@dataclass(frozen=True)
class Reader:
    """A Lambda function that reads a place. parameter: the template's, for its ARN. default: its ARN as declared.

    condition, resource: the logical names of its mapping.
    """

    place: Place
    parameter: str
    condition: str
    resource: str
    default: str


def of(job: Job, places: Sequence[Place], reserved: Collection[str]) -> list[Reader]:
    """The functions that the job's sinks name; a function that reads a stream once, however many tables name it.

    reserved: names that the template uses already.
    """
    groups = settings.example(job).groups
    found: list[Reader] = []
    taken = set(reserved)
    for place in places:
        named = {function: table for table in reversed(place.tables) if (function := groups[table].get(SETTING))}
        for function, table in reversed(named.items()):
            parameter = free(f"{camel(table)}Function", taken)
            condition, resource = f"Has{parameter}", f"{parameter}Reads"
            taken |= {parameter, condition, resource}
            found.append(Reader(place, parameter, condition, resource, function))
    return found


def parameters(found: Sequence[Reader]) -> Node:
    """The parameters for the functions' ARNs."""
    return {
        one.parameter: {
            "Type": "String",
            "Default": one.default,
            "AllowedPattern": f"|{kinesis.FUNCTION}",
            "Description": (
                f"the Lambda function that reads what the job writes ({', '.join(one.place.tables)}), or empty for none"
            ),
        }
        for one in found
    }


def conditions(found: Sequence[Reader]) -> Node:
    """A mapping comes with the application, when the stream is there; the emulator has no Lambda."""
    return {
        one.condition: {
            "Fn::And": [
                {"Condition": "HasApplication"},
                {"Condition": "IsCloud"},
                {"Fn::Not": [{"Fn::Equals": [{"Ref": one.parameter}, ""]}]},
            ]
        }
        for one in found
    }


def resources(found: Sequence[Reader]) -> Node:
    """The mappings. Each begins with the oldest record: what the job wrote before it would be lost else.

    A batch that fails is halved until the record that fails is alone, which is tried until it expires.
    """
    return {
        one.resource: {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Condition": one.condition,
            "Properties": {
                "EventSourceArn": one.place.arn,
                "FunctionName": {"Ref": one.parameter},
                "StartingPosition": "TRIM_HORIZON",
                "BatchSize": _BATCH,
                "BisectBatchOnFunctionError": True,
            },
        }
        for one in found
    }
