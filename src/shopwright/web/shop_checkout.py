"""The cart and the checkout form. Both ask the server for every price; what is in the cart the
browser keeps."""

from fastapi import APIRouter
from starlette.responses import Response

from shopwright.web.shop_page import ShopPageCtx

router = APIRouter(include_in_schema=False)


@router.get("/shop/cart")
async def show_cart(page: ShopPageCtx) -> Response:
    return page.render("shop/cart.html", active="cart")


@router.get("/shop/checkout")
async def show_checkout(page: ShopPageCtx) -> Response:
    return page.render("shop/checkout.html", active="cart")
