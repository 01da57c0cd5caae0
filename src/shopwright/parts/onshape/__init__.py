"""Parts drawn in Onshape: the account, its calls of the year, exports and what parts took of
them."""
