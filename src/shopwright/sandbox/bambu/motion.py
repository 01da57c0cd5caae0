"""Where the head is and what was pushed through it, by the moves of single G-code lines."""

from collections.abc import Mapping
from dataclasses import dataclass, field

AXES = "XYZ"


@dataclass(slots=True)
class Motion:
    """mm; axes that were not homed since power on are at 0 by chance."""

    position: dict[str, float] = field(default_factory=lambda: dict.fromkeys(AXES, 0.0))
    homed: set[str] = field(default_factory=lambda: set(AXES))
    extruded: float = 0.0
    is_relative: bool = False
    is_relative_extruder: bool = False
    kept: bool | None = None  # M1002 push_ref_mode

    def home(self, axes: str) -> None:
        for axis in axes or AXES:
            self.position[axis] = 0.0
            self.homed.add(axis)

    def switch(self, code: str, rest: str) -> None:
        """The codes that say how later numbers are meant."""
        if code in {"G90", "G91"}:
            self.is_relative = code == "G91"
        elif code in {"M82", "M83"}:
            self.is_relative_extruder = code == "M83"
        elif code == "M1002" and "push_ref_mode" in rest:
            self.kept = self.is_relative
        elif code == "M1002" and "pop_ref_mode" in rest and self.kept is not None:
            self.is_relative, self.kept = self.kept, None

    def move(self, words: Mapping[str, float]) -> None:
        for axis in AXES:
            if axis in words:
                start = self.position[axis] if self.is_relative else 0.0
                self.position[axis] = start + words[axis]
        if "E" in words and (self.is_relative_extruder or self.is_relative):
            self.extruded += words["E"]
