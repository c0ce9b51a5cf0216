from tests.support.order import LONGEST, TESTS


def test_each_module_that_is_to_come_first_is_there() -> None:
    assert [name for name in LONGEST if not (TESTS / name).is_file()] == []
