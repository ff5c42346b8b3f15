"""What is done to a picture so that nobody knows it again: some fifty coats, each a function.

Each takes a picture in RGB and returns the bytes of a file.
"""

import io
import math
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageEnhance, ImageFilter, ImageOps

Picture = Image.Image
Coat = Callable[[Picture], bytes]
_LETTERING = "when the harbour wakes at dawn"
_TURN_BY_EXIF = 6


def png(picture: Picture, **options: object) -> bytes:
    """Save it as it is."""
    return _saved(picture, "PNG", compress_level=1, **options)


def jpeg(picture: Picture, quality: int = 92, **options: object) -> bytes:
    """Save it with loss."""
    return _saved(picture, "JPEG", quality=quality, **options)


def _saved(picture: Picture, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def scaled(picture: Picture, across: float, down: float | None = None) -> Picture:
    """Resize it by factors."""
    down = across if down is None else down
    return picture.resize((round(picture.width * across), round(picture.height * down)))


def cut(picture: Picture, left: float, top: float, right: float, bottom: float) -> Picture:
    """Cut shares off its sides."""
    width, height = picture.size
    return picture.crop(
        (
            round(left * width),
            round(top * height),
            round(width - right * width),
            round(height - bottom * height),
        )
    )


def turned(picture: Picture, degrees: float, fill: str | None = None) -> Picture:
    """Turn it by a few degrees: inside its frame with a `fill`, or cut to what stays covered."""
    whole = picture.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=fill or "black")
    if fill is not None:
        return whole
    sine, cosine = math.sin(math.radians(abs(degrees))), math.cos(math.radians(degrees))
    long, short = max(picture.size) / min(picture.size), 1.0
    kept = short / (long * sine + cosine)
    share = (1 - kept) / 2
    return cut(whole, share, share, share, share)


def framed(picture: Picture, share: float, colour: str) -> Picture:
    """Put a border of one colour about it."""
    return ImageOps.expand(picture, round(share * min(picture.size)), colour)


def captioned(picture: Picture, colour: str, *, above: bool) -> Picture:
    """Put a strip with a line of text above or below it."""
    strip = round(picture.height * 0.15)
    page = Image.new("RGB", (picture.width, picture.height + strip), colour)
    page.paste(picture, (0, strip if above else 0))
    top = 0 if above else picture.height
    ink = "black" if colour == "white" else "white"
    ImageDraw.Draw(page).text(
        (picture.width // 2, top + strip // 2), _LETTERING, ink, anchor="mm", font_size=strip // 3
    )
    return page


def lettered(picture: Picture) -> Picture:
    """Write over its lower end, white in black outlines."""
    page, size = picture.copy(), picture.width // 12
    middle = (picture.width // 2, picture.height - size)
    ImageDraw.Draw(page).text(
        middle,
        _LETTERING[:16].upper(),
        "white",
        anchor="mm",
        font_size=size,
        stroke_width=2,
        stroke_fill="black",
    )
    return page


def watermarked(picture: Picture) -> Picture:
    """Write across all of it, half transparent."""
    page = Image.new("RGBA", picture.size)
    pen = ImageDraw.Draw(page)
    for row in range(0, picture.height, max(1, picture.height // 6)):
        text = (_LETTERING + "   ") * 3
        pen.text((-row // 3, row), text, (255, 255, 255, 110), font_size=picture.width // 16)
    return Image.alpha_composite(picture.convert("RGBA"), page).convert("RGB")


def stuck(picture: Picture, share: float, x: float, y: float) -> Picture:
    """Stick a yellow face on it, so wide a share of its shorter side."""
    page, size = picture.copy(), share * min(picture.size)
    left, top = x * picture.width - size / 2, y * picture.height - size / 2
    pen = ImageDraw.Draw(page)
    pen.ellipse((left, top, left + size, top + size), "gold", "black", 2)
    for eye in (0.3, 0.6):
        at = left + eye * size, top + size * 0.3
        pen.ellipse((*at, at[0] + size * 0.12, at[1] + size * 0.15), "black")
    pen.arc((left + size * 0.2, top + size * 0.3, left + size * 0.8, top + size * 0.85), 20, 160, 0)
    return page


def screenshot(picture: Picture, colour: str) -> Picture:
    """Show it on a telephone: a bar with a clock above, two buttons and a line of text below."""
    width = picture.width
    bar, foot = width // 10, width // 4
    page = Image.new("RGB", (width, picture.height + bar + foot), colour)
    page.paste(picture, (0, bar))
    pen, ink = ImageDraw.Draw(page), "black" if colour == "white" else "white"
    pen.text((bar // 2, bar // 4), "12:04", ink, font_size=bar // 2)
    for place in (1, 2):
        x, y = place * bar, bar + picture.height + bar // 2
        pen.ellipse((x, y, x + bar // 2, y + bar // 2), None, ink, 2)
    pen.text((bar, page.height - bar), _LETTERING, ink, font_size=bar // 2)
    return page


def on_a_page(picture: Picture) -> Picture:
    """Show it in a window with broad margins, unlike on each side."""
    width, height = picture.size
    page = Image.new("RGB", (width * 13 // 10, height * 5 // 4), (238, 240, 243))
    page.paste(picture, (width // 10, height // 8))
    return page


def noisy(picture: Picture, spread: float) -> Picture:
    """Add noise, the same for each picture of a size."""
    pixels = np.asarray(picture, np.float32)
    noise = np.random.default_rng(5).normal(0, spread, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def bent(picture: Picture, power: float) -> Picture:
    """Bend its tones by a gamma."""
    return picture.point([round(255 * (tone / 255) ** power) for tone in range(256)] * 3)


def hue(picture: Picture, degrees: int) -> Picture:
    """Turn its colours."""
    first, *rest = picture.convert("HSV").split()
    shifted = first.point([(tone + degrees * 256 // 360) % 256 for tone in range(256)])
    return Image.merge("HSV", (shifted, *rest)).convert("RGB")


def sheared(picture: Picture, share: float) -> Picture:
    """Push its lower end aside, in its frame."""
    lean = (1, share, -share * picture.height / 2, 0, 1, 0)
    return picture.transform(
        picture.size, Image.Transform.AFFINE, lean, Image.Resampling.BICUBIC, fillcolor="white"
    )


def profiled(picture: Picture) -> bytes:
    """Store red and blue exchanged, with a profile that exchanges them back."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = plain.replace(b"rXYZ", b"____").replace(b"bXYZ", b"rXYZ").replace(b"____", b"bXYZ")
    return png(Image.merge("RGB", picture.split()[::-1]), icc_profile=swapped)


def by_exif(picture: Picture) -> bytes:
    """Store it turned, with an orientation that turns it back."""
    exif = Image.Exif()
    exif[0x0112] = _TURN_BY_EXIF
    return jpeg(picture.transpose(Image.Transpose.ROTATE_90), exif=exif)


def veiled(picture: Picture, alpha: int) -> bytes:
    """Store it under transparency."""
    under = picture.copy()
    under.putalpha(alpha)
    return png(under)


def in_alpha(picture: Picture) -> bytes:
    """Store nothing but white, and the picture in the alpha plane."""
    white = Image.new("RGB", picture.size, "white")
    white.putalpha(picture.convert("L"))
    return png(white)


def sixteen_bits(picture: Picture) -> bytes:
    """Store grey in 16 bits."""
    return png(Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257))


def _then(change: Callable[[Picture], Picture]) -> Coat:
    return lambda picture: png(change(picture))


def _flip(way: Image.Transpose) -> Coat:
    return _then(lambda picture: picture.transpose(way))


_STORED: dict[str, Coat] = {
    "as it is": png,
    "JPEG 50": partial(jpeg, quality=50),
    "JPEG 15": partial(jpeg, quality=15),
    "WebP 50": lambda picture: _saved(picture, "WEBP", quality=50, method=2),
    "palette of 16": lambda picture: png(picture.quantize(16)),
    "CMYK": lambda picture: jpeg(picture.convert("CMYK")),
    "16 bits, grey": sixteen_bits,
    "colour profile": profiled,
    "hidden under alpha 0": partial(veiled, alpha=0),
    "half transparent": partial(veiled, alpha=128),
    "in the alpha plane": in_alpha,
    "turned by EXIF": by_exif,
}
_TURNED: dict[str, Coat] = {
    "mirrored": _flip(Image.Transpose.FLIP_LEFT_RIGHT),
    "upside down": _flip(Image.Transpose.FLIP_TOP_BOTTOM),
    "turned left": _flip(Image.Transpose.ROTATE_90),
    "turned by half": _flip(Image.Transpose.ROTATE_180),
    "1 degree, black corners": _then(partial(turned, degrees=1, fill="black")),
    "2 degrees, white corners": _then(partial(turned, degrees=-2, fill="white")),
    "3 degrees, black corners": _then(partial(turned, degrees=3, fill="black")),
    "1 degree, cut": _then(partial(turned, degrees=-1)),
    "2 degrees, cut": _then(partial(turned, degrees=2)),
    "3 degrees, cut": _then(partial(turned, degrees=-3)),
    "sheared 3 %": _then(partial(sheared, share=0.03)),
    "sheared 6 %": _then(partial(sheared, share=-0.06)),
}
_SIZED: dict[str, Coat] = {
    "half size": _then(partial(scaled, across=0.5)),
    "double size": _then(partial(scaled, across=2.0)),
    "flattened by a third": _then(partial(scaled, across=1.0, down=0.67)),
    "cropped by 2 %": _then(partial(cut, left=0.01, top=0.01, right=0.01, bottom=0.01)),
    "cropped by 5 %": _then(partial(cut, left=0.025, top=0.025, right=0.025, bottom=0.025)),
    "cropped by 10 %": _then(partial(cut, left=0.05, top=0.05, right=0.05, bottom=0.05)),
    "5 % off the right": _then(partial(cut, left=0, top=0, right=0.05, bottom=0)),
    "10 % off the left": _then(partial(cut, left=0.1, top=0, right=0, bottom=0)),
    "10 % off the top": _then(partial(cut, left=0, top=0.1, right=0, bottom=0)),
    "5 % off a corner": _then(partial(cut, left=0.05, top=0, right=0, bottom=0.05)),
    "10 % off a corner": _then(partial(cut, left=0, top=0, right=0.1, bottom=0.1)),
    "cropped by 5 %, mirrored": _then(lambda p: ImageOps.mirror(cut(p, *(0.025,) * 4))),
}
_FRAMED: dict[str, Coat] = {
    "border 3 %, black": _then(partial(framed, share=0.03, colour="black")),
    "border 10 %, white": _then(partial(framed, share=0.1, colour="white")),
    "border 20 %, red": lambda picture: jpeg(framed(picture, 0.2, "firebrick"), 70),
    "made square, black": _then(lambda p: ImageOps.pad(p, (max(p.size) * 5 // 4, max(p.size)))),
    "caption above, white": _then(partial(captioned, colour="white", above=True)),
    "caption below, black": _then(partial(captioned, colour="black", above=False)),
    "lettering over it": _then(lettered),
    "watermark": _then(watermarked),
    "sticker 15 %, corner": _then(partial(stuck, share=0.15, x=0.85, y=0.15)),
    "sticker 20 %, middle": _then(partial(stuck, share=0.2, x=0.55, y=0.5)),
    "screenshot, white": _then(partial(screenshot, colour="white")),
    "screenshot, black": lambda picture: jpeg(screenshot(picture, "black"), 80),
    "on a page with margins": _then(on_a_page),
}
_TONED: dict[str, Coat] = {
    "blurred": _then(lambda picture: picture.filter(ImageFilter.GaussianBlur(3))),
    "noise": _then(partial(noisy, spread=25.0)),
    "brighter": _then(lambda picture: ImageEnhance.Brightness(picture).enhance(1.4)),
    "darker": _then(lambda picture: ImageEnhance.Brightness(picture).enhance(0.5)),
    "more contrast": _then(lambda picture: ImageEnhance.Contrast(picture).enhance(1.6)),
    "less contrast": _then(lambda picture: ImageEnhance.Contrast(picture).enhance(0.5)),
    "gamma 0.5": _then(partial(bent, power=0.5)),
    "gamma 2": _then(partial(bent, power=2.0)),
    "hue by 90": _then(partial(hue, degrees=90)),
    "hue by 180": _then(partial(hue, degrees=180)),
    "grey": _then(lambda picture: picture.convert("L")),
    "sepia": _then(lambda p: ImageOps.colorize(p.convert("L"), "#201008", "#fff0d0")),
    "posterised": _then(lambda picture: ImageOps.posterize(picture, 2)),
    "inverted": _then(ImageChops.invert),
    "inverted, mirrored": _then(lambda picture: ImageOps.mirror(ImageChops.invert(picture))),
}
COATS: dict[str, Coat] = {**_STORED, **_TURNED, **_SIZED, **_FRAMED, **_TONED}
