"""``create_app``, wiring, process roles, problem mapping, OpenAPI. No business words."""
