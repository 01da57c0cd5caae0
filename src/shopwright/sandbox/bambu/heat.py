"""Temperatures that move towards their targets in printer time."""

import math
from dataclasses import dataclass, field

AMBIENT_C = 25.0
RATE_C_PER_S = {"nozzle": 3.0, "bed": 0.7, "chamber": 0.05}
LIMIT_C = {"nozzle": 350.0, "bed": 130.0, "chamber": 70.0}


@dataclass(slots=True)
class Heat:
    """°C now and wanted; a target of 0 is off."""

    now: dict[str, float] = field(default_factory=lambda: dict.fromkeys(RATE_C_PER_S, AMBIENT_C))
    targets: dict[str, float] = field(default_factory=lambda: dict.fromkeys(RATE_C_PER_S, 0.0))

    def target(self, part: str, celsius: float) -> None:
        self.targets[part] = min(max(celsius, 0.0), LIMIT_C[part])

    def advance(self, seconds: float) -> None:
        for part, rate in RATE_C_PER_S.items():
            goal = max(self.targets[part], AMBIENT_C)
            gap = goal - self.now[part]
            if gap:
                step = rate * seconds
                self.now[part] = (
                    goal if abs(gap) <= step else self.now[part] + math.copysign(step, gap)
                )
