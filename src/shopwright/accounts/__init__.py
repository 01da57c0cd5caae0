"""Organizations, users, members, roles, tokens, keys, audit; identity-provider port."""
