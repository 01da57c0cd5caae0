"""Pages of a long list."""

from dataclasses import dataclass

PAGE_SIZE = 50
MAX_PAGE = 100_000


@dataclass(frozen=True, slots=True)
class Window:
    """Page ``number`` counts from 1."""

    number: int
    limit: int = PAGE_SIZE

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.limit

    def of(self, total: int, shown: int) -> "Paging":
        return Paging(self.number, self.offset + 1 if shown else 0, self.offset + shown, total)


@dataclass(frozen=True, slots=True)
class Paging:
    number: int
    first: int
    last: int
    total: int

    @property
    def has_more(self) -> bool:
        return self.last < self.total and self.last > 0
