"""How a tenant looks."""

PNG, WEBP = b"\x89PNG\r\n\x1a\n", b"RIFF"


def content_type(image: bytes) -> str:
    """The type of a logo as we keep it; anything else would be a fault and is served as bytes that show nothing."""
    if image.startswith(PNG):
        return "image/png"
    if image.startswith(WEBP) and image[8:12] == b"WEBP":
        return "image/webp"
    return "application/octet-stream"
