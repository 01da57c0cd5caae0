"""Kinds of templates and colours."""

from enum import StrEnum


class TemplateCategory(StrEnum):
    BASIC = "basic"
    FILM = "film"
    AI = "ai"


class ColorKind(StrEnum):
    BACKGROUND = "background"
    TEXT = "text"
