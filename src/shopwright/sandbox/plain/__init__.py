"""What the stand-ins have in common that print plain G-code and are asked over HTTP."""
