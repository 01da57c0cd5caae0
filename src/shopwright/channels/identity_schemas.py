"""Bodies of signing in with Etsy."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from shopwright.channels.identity import Asked
from shopwright.channels.port import ShopProfile
from shopwright.kernel.examples import shown_as

# PKCE's own rule (RFC 7636, 4.1).
Verifier = Annotated[str, Field(min_length=43, max_length=128, pattern=r"^[A-Za-z0-9._~-]+$")]
BEGUN = {
    "auth_url": "https://www.etsy.com/oauth/connect?response_type=code&client_id=…&state=…",
    "code_verifier": "Zk3h0bYxq6V4tQ9w1n8sR7uJ2mC5eL0aPdFgHiKoTvXy",
    "state": "p9Vd2mQe7sLx.1764000000.5f1c…",
}
CALLBACK = {
    "code": "auth_code_from_etsy",
    "code_verifier": "Zk3h0bYxq6V4tQ9w1n8sR7uJ2mC5eL0aPdFgHiKoTvXy",
    "state": "p9Vd2mQe7sLx.1764000000.5f1c…",
}


class SignInAsked(BaseModel):
    """Keep ``code_verifier`` and ``state`` until Etsy sends the browser back."""

    model_config = shown_as(BEGUN)

    auth_url: str
    code_verifier: str
    state: str

    @classmethod
    def of(cls, asked: Asked) -> "SignInAsked":
        return cls(auth_url=asked.url, code_verifier=asked.code_verifier, state=asked.state)


class CallbackBody(BaseModel):
    """``state`` is checked when sent; ``redirect_uri`` only if one was asked for at the start;
    ``invitation`` is the token of the link that somebody was invited with."""

    model_config = shown_as(CALLBACK)

    code: Annotated[str, Field(min_length=1, max_length=1000)]
    code_verifier: Verifier
    state: Annotated[str, Field(max_length=200)] | None = None
    redirect_uri: Annotated[str, Field(max_length=500)] | None = None
    invitation: Annotated[str, Field(max_length=200)] | None = None


class LinkShopBody(BaseModel):
    model_config = shown_as({"shop_name": "My3DShop"})

    shop_name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)
    ]


class LinkedShop(BaseModel):
    model_config = shown_as({"shop_id": "500321", "shop_name": "My3DShop"})

    shop_id: str
    shop_name: str

    @classmethod
    def of(cls, shop: ShopProfile) -> "LinkedShop":
        return cls(shop_id=shop.external_id, shop_name=shop.name)
