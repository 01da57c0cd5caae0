"""Kinds of recipe steps."""

from enum import StrEnum


class StepKind(StrEnum):
    PRINT = "print"
    FABRICATE = "fabricate"
    OUTSOURCE = "outsource"
