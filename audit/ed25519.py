"""Ed25519 signatures verified in plain Python (RFC 8032, section 5.1.7), for `verify.pyz` alone.

Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z (section 5.1.4). Nothing here is secret, so
nothing takes care to be constant in time: it MUST NOT be used to sign.
"""

from functools import lru_cache
from hashlib import sha512

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)
_BYTES = 32
_WINDOW = 4

_Point = tuple[int, int, int, int]
_ZERO: _Point = (0, 1, 1, 0)


def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether the key with these 32 bytes signed exactly this message."""
    if len(public) != _BYTES or len(signature) != 2 * _BYTES:
        return False
    multiples = _negated_multiples(public)
    said, scalar = signature[:_BYTES], int.from_bytes(signature[_BYTES:], "little")
    if multiples is None or scalar >= _ORDER:  # a larger one would be a second signature
        return False
    challenge = int.from_bytes(sha512(said + public + message).digest(), "little") % _ORDER
    return _encoded(_combined(scalar, challenge, multiples)) == said


def _add(one: _Point, other: _Point) -> _Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _doubled(point: _Point) -> _Point:
    x, y, z, _ = point
    a, b = x * x % _P, y * y % _P
    h = a + b
    e = h - (x + y) * (x + y)
    g = a - b
    f = 2 * z * z + g
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _multiples(point: _Point) -> list[_Point]:
    found = [_ZERO]
    for _ in range(2**_WINDOW - 1):
        found.append(_add(found[-1], point))
    return found


def _combined(scalar: int, challenge: int, multiples: list[_Point]) -> _Point:
    """Return scalar * base point + challenge * the point of these multiples, four bits a step."""
    total = _ZERO
    for shift in range(252, -1, -_WINDOW):
        for _ in range(_WINDOW):
            total = _doubled(total)
        total = _add(total, _BASE[scalar >> shift & 15])
        total = _add(total, multiples[challenge >> shift & 15])
    return total


def _encoded(point: _Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, _P)
    return (y * inverse % _P | (x * inverse % _P & 1) << 255).to_bytes(_BYTES, "little")


def _decoded(encoded: bytes) -> _Point | None:
    """Return the point that these bytes stand for, if they stand for one (section 5.1.3)."""
    joined = int.from_bytes(encoded, "little")
    sign, y = joined >> 255, joined & (2**255 - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if x * x % _P != square or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return (x, y, 1, x * y % _P)


@lru_cache(maxsize=4)
def _negated_multiples(public: bytes) -> list[_Point] | None:
    point = _decoded(public)
    if point is None:
        return None
    x, y, z, t = point
    return _multiples((_P - x, y, z, _P - t))


_BASE = _multiples(
    (
        15112221349535400772501151409588531511454012693041857206046113283949847762202,
        46316835694926478169428394003475163141307993866256225615783033603165251855960,
        1,
        15112221349535400772501151409588531511454012693041857206046113283949847762202
        * 46316835694926478169428394003475163141307993866256225615783033603165251855960
        % _P,
    )
)
