from __future__ import annotations

import pytest

from signoff.demo.shop.repository.shop import payments, settings
from signoff.demo.shop.repository.shop.middleware import _accepts
from signoff.demo.shop.repository.shop.passwords import hash_password, matches

COMPLETE = {
    "SHOP_INSTANCE": "app1",
    "SHOP_PORT": "8000",
    "SHOP_DATABASE_URL": "postgresql://secret-a@db",
    "SHOP_REDIS_URL": "redis://secret-b@cache",
    "SHOP_PAYMENT_API_KEY": "secret-c",
    "SHOP_ERROR_TRACKING_DSN": "http://secret-d@errors/1",
    "SHOP_LOG_FILE": "/dev/null",
    "SHOP_DATABASE_POOL_SIZE": "5",
    "SHOP_SESSION_IDLE_SECONDS": "900",
    "SHOP_SESSION_LIFETIME_SECONDS": "1800",
}


def test_passwords_are_salted_and_checked() -> None:
    stored = hash_password("correct horse")
    assert stored != hash_password("correct horse")
    assert matches("correct horse", stored)
    assert not matches("wrong", stored)


def test_nobody_logs_in_without_a_password() -> None:
    assert not matches("", None)


def test_settings_never_show_secrets() -> None:
    assert "secret" not in repr(settings.parse(COMPLETE))


@pytest.mark.parametrize("name", COMPLETE)
def test_every_setting_is_required_and_named(name: str) -> None:
    with pytest.raises(settings.SettingsError, match=f"{name} is not set"):
        settings.parse({**COMPLETE, name: ""})


def test_an_instance_listens_on_its_own_machine_only_unless_told_otherwise() -> None:
    assert settings.parse(COMPLETE).address == "127.0.0.1"
    assert settings.parse({**COMPLETE, "SHOP_ADDRESS": "10.77.0.21"}).address == "10.77.0.21"


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many"])
def test_numbers_are_positive_and_whole(value: str) -> None:
    with pytest.raises(settings.SettingsError, match="SHOP_PORT") as error:
        settings.parse({**COMPLETE, "SHOP_PORT": value})
    assert value not in str(error.value)


@pytest.mark.parametrize(
    ("accept", "accepted"),
    [
        ("*/*", True),
        ("application/json", True),
        ("text/html, application/*;q=0.5", True),
        ("APPLICATION/JSON", True),
        ("text/html", False),
        ("application/json;q=0", False),
        ("application/json; q=0.0, image/png", False),
    ],
)
def test_accept_header_is_understood(accept: str, *, accepted: bool) -> None:
    assert _accepts(accept, "application/json") is accepted


def test_payment_reference_depends_on_key_order_and_amount() -> None:
    references = {
        payments.reference(key, order_id=order, amount_krw=amount)
        for key, order, amount in (("a", 1, 10), ("b", 1, 10), ("a", 2, 10), ("a", 1, 20))
    }
    assert len(references) == 4
