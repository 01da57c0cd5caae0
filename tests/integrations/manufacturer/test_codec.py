"""What a manufacturer may send that is no use to us: it is left out, and nothing breaks."""

import msgspec

from shopwright.integrations.manufacturer import codec

KEY = "OREN260302000001"


def read(text: str) -> codec.Told | None:
    return codec.read_answer(text.encode(), "application/json")


def test_numbers_of_thousands_of_digits_are_no_numbers() -> None:
    many = "9" * 5000
    assert read(f'{{"code": "{many}"}}') is None
    assert codec.read_orders([{"third_id": KEY, "status": many}]) == {}
    assert codec.read_order({"third_id": KEY, "status": "12"}) is not None


def test_text_is_told_without_nul() -> None:
    data = msgspec.json.decode(
        b'{"third_id": "OREN260302000001", "status": 8, "queue_no": "\\u00001"}'
    )
    standing = codec.read_order(data)
    assert standing is not None
    assert standing.queue_number == "1"


def test_ids_of_its_catalogue_that_nothing_can_keep_are_left_out() -> None:
    rows = [{"id": "B" * 61, "name": "long"}, {"id": "BR1", "name": "short"}]
    assert [brand.id for brand in codec.read_brands(rows)] == ["BR1"]
    models = [
        {"mobile_model_id": "M" * 61},
        {"mobile_model_id": "MM1", "mobile_shell_id": "S" * 61},
    ]
    (model,) = codec.read_stock(models, "BR1", "GBP")
    assert (model.model_id, model.shell_id) == ("MM1", "")
    assert codec.read_id({"id": "7" * 300}) == "7" * 100
    assert codec.read_id({"id": {"not": "an id"}}) is None
