"""The demo shop: sandbox Etsy, six virtual printers, and a shop that already works."""
