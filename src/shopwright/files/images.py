"""What Pillow raises for a picture that is broken, or too large to be meant."""

from PIL import Image

UNREADABLE = (
    OSError,  # includes what Pillow cannot identify
    SyntaxError,  # Pillow's word for a broken PNG
    ValueError,
    OverflowError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
