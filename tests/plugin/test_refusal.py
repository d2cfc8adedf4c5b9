"""What pydantic finds wrong is said in words that a user can act on."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ByteSize,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
    model_validator,
)

from vizframe.plugin.refusal import refusal_sentences


def refuse_even(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("it can be an odd number")
    return value


class Options(BaseModel):
    """Options of every kind."""

    model_config = ConfigDict(extra="forbid")

    flag: bool = True
    count: int = Field(3, ge=1, lt=100)
    share: float = Field(0.5, gt=0, le=1.5)
    whole: FiniteFloat = 0.0
    every: int | float | str = 1
    names: tuple[str, ...] = ()
    methods: tuple[Literal["plain", "guided"], ...] = ()
    size: ByteSize = ByteSize(1)
    odd: Annotated[int, AfterValidator(refuse_even)] = 1

    @model_validator(mode="after")
    def _fits(self) -> Options:
        if self.count > self.share * 100:
            raise ValueError("count is more than share allows")
        return self


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"flag": "perhaps"}, "its flag is 'perhaps'; it can be true or false"),
        ({"count": "many"}, "its count is 'many'; it can be a whole number"),
        ({"count": 2.5}, "its count is 2.5; it can be a whole number"),
        ({"count": 0}, "its count is 0; it can be 1 or more"),
        ({"count": 100}, "its count is 100; it can be less than 100"),
        ({"share": 0}, "its share is 0; it can be more than 0"),
        ({"share": 2}, "its share is 2; it can be at most 1.5"),
        ({"share": float("nan")}, "its share is nan; it can be a number"),
        ({"share": "half"}, "its share is 'half'; it can be a number"),
        ({"whole": float("inf")}, "its whole is inf; it can be a number that is finite"),
        ({"every": [1]}, "its every is [1]; it can be a whole number, a number or a text"),
        ({"names": 5}, "its names is 5; it can be a list, or a text with commas"),
        ({"methods": ["plain", "x"]}, "its methods has 'x'; each can be 'plain' or 'guided'"),
        (
            {"size": "5 apples"},
            "its size is '5 apples'; it can be a number of bytes with a unit, such as '500MB' or "
            "'2GB'",
        ),
        ({"odd": 2}, "its odd is 2; it can be an odd number"),
        ({"count": 90}, "its count is more than share allows"),
        ({"colour": 1}, "no colour"),
        (
            {"flag": 7, "count": 0},
            "its flag is 7; it can be true or false; its count is 0; it can be 1 or more",
        ),
    ],
)
def test_each_mistake_is_one_sentence(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Options.model_validate(given)
    assert "; ".join(refusal_sentences(raised.value, "no {}".format, "its ")) == said
