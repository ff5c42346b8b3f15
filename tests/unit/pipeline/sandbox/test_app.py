import asyncio
import json
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from zipfile import BadZipFile, ZipFile

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from httpx import ASGITransport, AsyncClient, Response
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile

from pipeline.sandbox.app import create
from pipeline.sandbox.errors import DroppedError, NoPicturesError, UnknownFaultError
from pipeline.sandbox.keys import TEST_VERIFY_KEY_BASE64
from pipeline.sandbox.settings import Account, SandboxSettings

Asked = Callable[..., dict[str, Any]]
Sandbox = Callable[..., AsyncClient]
_PATH = "/ai/generate-image"


def _entries(answer: Response) -> dict[str, bytes]:
    assert answer.status_code == 200, answer.text
    with ZipFile(BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _comment(content: bytes) -> dict[str, Any]:
    with Image.open(BytesIO(content)) as picture:
        return cast("dict[str, Any]", json.loads(cast("PngImageFile", picture).text["Comment"]))


def _is_signed(content: bytes) -> bool:
    comment = _comment(content)
    signature = b64decode(comment.pop("signed_hash"))
    with Image.open(BytesIO(content)) as picture:
        message = picture.convert("RGB").tobytes() + json.dumps(comment).encode()
    key = Ed25519PublicKey.from_public_bytes(b64decode(TEST_VERIFY_KEY_BASE64))
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _size(content: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(content)) as picture:
        picture.load()
        return picture.size


async def _balance(client: AsyncClient) -> int:
    told = (await client.get("/user/subscription")).json()
    return cast("int", told["trainingStepsLeft"]["fixedTrainingStepsLeft"])


class TestGenerate:
    async def test_pictures_come_in_an_archive(self, sandbox: Sandbox, asked: Asked) -> None:
        """The exact headers are what three SDKs insist on."""
        answer = await sandbox().post(_PATH, json=asked(n_samples=2))

        assert answer.headers["content-type"] == "binary/octet-stream"
        assert answer.headers["content-disposition"] == "attachment; filename=images.zip"
        entries = _entries(answer)
        assert list(entries) == ["image_0.png", "image_1.png"]
        assert [_size(content) for content in entries.values()] == [(128, 192)] * 2
        assert [_comment(content)["seed"] for content in entries.values()] == [7, 8]

    async def test_json_comes_only_when_exactly_that_is_asked(
        self, sandbox: Sandbox, asked: Asked
    ) -> None:
        """A browser's long Accept header means the archive."""
        client = sandbox()
        plain = await client.post(_PATH, json=asked())
        wide = await client.post(_PATH, json=asked(), headers={"Accept": "application/json, */*"})
        told = await client.post(_PATH, json=asked(), headers={"Accept": "application/json"})

        image = told.json()["images"][0]
        assert told.headers["content-type"] == "application/json; charset=utf-8"
        assert (image["index"], image["seed"]) == (0, 7)
        assert b64decode(image["image"]) == _entries(plain)["image_0.png"]
        assert wide.content == plain.content

    async def test_the_same_request_gives_the_same_bytes(
        self, sandbox: Sandbox, asked: Asked
    ) -> None:
        """Two sandboxes agree, so nothing depends on when or where."""
        first = await sandbox().post(_PATH, json=asked())
        second = await sandbox().post(_PATH, json=asked())
        other = await sandbox().post(_PATH, json=asked(seed=8))

        assert first.content == second.content
        assert first.content != other.content

    async def test_webp_can_be_had(self, sandbox: Sandbox, asked: Asked) -> None:
        """The archive's names follow the format."""
        entries = _entries(await sandbox().post(_PATH, json=asked(image_format="webp")))

        assert list(entries) == ["image_0.webp"]
        with Image.open(BytesIO(entries["image_0.webp"])) as picture:
            assert picture.format == "WEBP"

    async def test_choices_left_to_the_server_are_reported(
        self, sandbox: Sandbox, asked: Asked
    ) -> None:
        """A gateway looks at what was drawn, not only at what was asked."""
        caption = {"base_caption": "a ||red|blue|| boat", "char_captions": []}
        entries = _entries(await sandbox().post(_PATH, json=asked(v4_prompt={"caption": caption})))

        comment = _comment(entries["image_0.png"])
        drawn = comment["actual_prompts"]["prompt"]["base_caption"]
        assert comment["prompt"] == "a ||red|blue|| boat"
        assert drawn in {"a red boat", "a blue boat"}

    async def test_an_uploaded_picture_shows_in_the_result(
        self, sandbox: Sandbox, asked: Asked, in_base64: Callable[..., str]
    ) -> None:
        """At strength zero nothing of it is lost, at strength one all."""
        client = sandbox()
        means: list[list[int]] = []
        for strength in (0, 1):
            envelope = asked(image=in_base64(), strength=strength) | {"action": "img2img"}
            content = _entries(await client.post(_PATH, json=envelope))["image_0.png"]
            assert _comment(content)["request_type"] == "Img2ImgRequest"
            with Image.open(BytesIO(content)) as picture:
                seen = picture.convert("RGB").resize((1, 1), Image.Resampling.BOX)
                means.append(list(seen.tobytes()))

        assert means[0] == [0, 128, 128]
        assert means[1] != [0, 128, 128]

    async def test_a_mask_keeps_what_is_black(
        self, sandbox: Sandbox, asked: Asked, in_base64: Callable[..., str]
    ) -> None:
        """White is painted over, black is not."""
        mask = Image.new("L", (128, 192), 0)
        mask.paste(255, (0, 0, 128, 96))
        file = BytesIO()
        mask.save(file, "PNG")
        form = asked(image="image", mask="mask") | {
            "action": "infill",
            "model": "nai-diffusion-4-5-full-inpainting",
        }
        source = b64decode(in_base64(128, 192))
        answer = await sandbox().post(
            _PATH,
            files={
                "request": ("blob", json.dumps(form), "application/json"),
                "image": ("blob", source, "image/png"),
                "mask": ("blob", file.getvalue(), "image/png"),
            },
        )

        with Image.open(BytesIO(_entries(answer)["image_0.png"])) as picture:
            assert picture.convert("RGB").getpixel((64, 180)) == (0, 128, 128)
            assert picture.convert("RGB").getpixel((64, 10)) != (0, 128, 128)

    async def test_base64_in_a_form_is_an_unknown_part(
        self, sandbox: Sandbox, asked: Asked, in_base64: Callable[..., str]
    ) -> None:
        """A form names its pictures and never holds them."""
        form = json.dumps(asked(image=in_base64()) | {"action": "img2img"})
        answer = await sandbox().post(_PATH, files={"request": ("blob", form, "application/json")})

        assert answer.status_code == 400
        assert answer.json()["message"].startswith('image field references unknown form part "iVB')

    async def test_one_account_does_one_thing_at_a_time(
        self, sandbox: Sandbox, asked: Asked
    ) -> None:
        """The lock that gateways must queue for; another account is not concerned."""
        client = sandbox(SandboxSettings(delay_seconds=0.2))
        other = {"Authorization": "Bearer pst-another"}

        answers = await asyncio.gather(
            client.post(_PATH, json=asked()),
            client.post(_PATH, json=asked(seed=1)),
            client.post(_PATH, json=asked(), headers=other),
        )
        after = await client.post(_PATH, json=asked())

        assert sorted(answer.status_code for answer in answers) == [200, 200, 429]
        assert answers[2].status_code == 200
        locked = next(answer for answer in answers if answer.status_code == 429)
        assert locked.json() == {
            "statusCode": 429,
            "message": "Concurrent generation is locked",
        }
        assert after.status_code == 200

    async def test_a_generation_is_paid_until_nothing_is_left(
        self, sandbox: Sandbox, asked: Asked
    ) -> None:
        """Twenty Anlas a picture, and then 402."""
        client = sandbox(SandboxSettings(account=Account(tier=1, balance=45)))
        statuses = [
            (await client.post(_PATH, json=asked(width=832, height=1216))).status_code
            for _ in range(3)
        ]

        assert statuses == [200, 200, 402]
        assert await _balance(client) == 5

    async def test_a_stranger_is_refused_in_novelai_s_form(
        self, sandbox: Sandbox, asked: Asked
    ) -> None:
        """Clients read statusCode and message."""
        answer = await sandbox().post(_PATH, json=asked(), headers={"Authorization": "Bearer x"})

        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert answer.json() == {"statusCode": 401, "message": "Unauthorized"}

    async def test_two_slashes_are_one(self, sandbox: Sandbox, asked: Asked) -> None:
        """novelai-sdk joins a base address with a slash at its end so."""
        answer = await sandbox().post(f"http://sandbox/{_PATH}", json=asked())

        assert answer.status_code == 200

    @given(raw=st.binary(max_size=200))
    @settings(max_examples=50)
    def test_any_bytes_are_answered_with_a_400(self, raw: bytes) -> None:
        """The transport raises what the sandbox does not catch."""

        async def send() -> Response:
            transport = ASGITransport(create(SandboxSettings()))
            async with AsyncClient(transport=transport, base_url="http://sandbox") as client:
                headers = {"Authorization": "Bearer pst-a", "Content-Type": "application/json"}
                return await client.post(_PATH, content=raw, headers=headers)

        answer = asyncio.run(send())

        assert answer.status_code == 400
        assert answer.json()["statusCode"] == 400


class TestPictures:
    async def test_a_folder_s_pictures_replace_the_scenes(
        self, sandbox: Sandbox, asked: Asked, picture: Callable[..., bytes], tmp_path: Path
    ) -> None:
        """An operator can show what a real picture meets; it is stamped like any other."""
        (tmp_path / "a.png").write_bytes(picture(300, 300))
        client = sandbox(SandboxSettings(pictures=tmp_path))

        served = _entries(await client.post(_PATH, json=asked()))["image_0.png"]
        headers = {"X-Sandbox-Pictures": "drawn"}
        drawn = _entries(await client.post(_PATH, json=asked(), headers=headers))["image_0.png"]

        assert _comment(served)["prompt"] == "a harbour at dawn"
        with Image.open(BytesIO(served)) as one:
            assert one.size == (128, 192)
            assert one.convert("RGB").getcolors() == [(128 * 192, (0, 128, 128))]
        assert drawn != served

    @pytest.mark.parametrize("wish", ["folder", "somewhere"])
    async def test_a_folder_that_is_not_there_is_refused(
        self, sandbox: Sandbox, asked: Asked, wish: str
    ) -> None:
        """Silently drawing instead would mislead a test."""
        answer = await sandbox().post(_PATH, json=asked(), headers={"X-Sandbox-Pictures": wish})

        assert answer.status_code == 400

    def test_an_empty_folder_is_a_mistake(self, tmp_path: Path) -> None:
        """It is told when the sandbox is built."""
        with pytest.raises(NoPicturesError):
            create(SandboxSettings(pictures=tmp_path))


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "status", "message"),
        [
            ("402", 402, "Not enough Anlas"),
            ("429", 429, "Concurrent generation is locked"),
            ("500-once", 500, "Internal Server Error"),
            ("nonsense", 400, "fault: expected"),
        ],
    )
    async def test_a_header_brings_an_error(
        self, sandbox: Sandbox, asked: Asked, fault: str, status: int, message: str
    ) -> None:
        """And nothing is paid."""
        client = sandbox(SandboxSettings(account=Account(tier=1)))
        answer = await client.post(_PATH, json=asked(), headers={"X-Sandbox-Fault": fault})

        assert answer.status_code == answer.json()["statusCode"] == status
        assert answer.json()["message"].startswith(message)
        assert ("retry-after" in answer.headers) is (status == 429)
        assert await _balance(client) == 10_000

    async def test_cloudflare_speaks_no_json(self, sandbox: Sandbox, asked: Asked) -> None:
        """A client that parses every error as JSON fails here."""
        answer = await sandbox(SandboxSettings(fault="html-403")).post(_PATH, json=asked())

        assert answer.status_code == 403
        assert answer.headers["content-type"] == "text/html; charset=UTF-8"
        assert answer.headers["server"] == "cloudflare"

    async def test_a_broken_request_works_when_repeated(
        self, sandbox: Sandbox, asked: Asked
    ) -> None:
        """Once is once, also through a gateway."""
        client = sandbox(SandboxSettings(fault="500-once"))
        statuses = [(await client.post(_PATH, json=asked())).status_code for _ in range(2)]

        assert statuses == [500, 200]

    async def test_a_slow_answer_takes_its_time(self, sandbox: Sandbox, asked: Asked) -> None:
        """Deadlines can be tried."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        answer = await sandbox().post(_PATH, json=asked(), headers={"X-Sandbox-Fault": "slow:0.3"})

        assert answer.status_code == 200
        assert loop.time() - begun >= 0.3

    async def test_an_archive_can_be_cut_short(self, sandbox: Sandbox, asked: Asked) -> None:
        """Half an archive is none."""
        answer = await sandbox().post(
            _PATH, json=asked(), headers={"X-Sandbox-Fault": "truncated-zip"}
        )

        assert answer.status_code == 200
        with pytest.raises(BadZipFile):
            _entries(answer)

    async def test_a_picture_can_be_damaged(self, sandbox: Sandbox, asked: Asked) -> None:
        """The archive is whole and the picture is not."""
        client = sandbox(SandboxSettings(fault="corrupt-png"))
        entries = _entries(await client.post(_PATH, json=asked()))

        with pytest.raises((OSError, SyntaxError, UnidentifiedImageError)):
            _size(entries["image_0.png"])

    async def test_a_picture_can_have_another_size(self, sandbox: Sandbox, asked: Asked) -> None:
        """Its metadata claims the size that was asked for."""
        client = sandbox(SandboxSettings(fault="wrong-size"))
        content = _entries(await client.post(_PATH, json=asked()))["image_0.png"]

        assert _size(content) == (192, 192)
        assert _comment(content)["width"] == 128

    async def test_there_can_be_one_picture_too_many(self, sandbox: Sandbox, asked: Asked) -> None:
        """By its name it could belong there; only counting tells."""
        client = sandbox(SandboxSettings(fault="extra-entry"))
        entries = _entries(await client.post(_PATH, json=asked()))

        assert list(entries) == ["image_0.png", "image_1.png"]

    async def test_a_picture_can_differ_from_what_was_signed(
        self, sandbox: Sandbox, asked: Asked
    ) -> None:
        """The signature is the right one, the pixels are not."""
        client = sandbox()
        good = _entries(await client.post(_PATH, json=asked()))["image_0.png"]
        headers = {"X-Sandbox-Fault": "bad-signature"}
        bad = _entries(await client.post(_PATH, json=asked(), headers=headers))["image_0.png"]

        assert _comment(bad) == _comment(good)
        assert (_is_signed(good), _is_signed(bad)) == (True, False)

    async def test_a_picture_can_be_of_another_prompt(self, sandbox: Sandbox, asked: Asked) -> None:
        """Properly signed, and not what was approved."""
        client = sandbox(SandboxSettings(fault="other-prompt"))
        content = _entries(await client.post(_PATH, json=asked()))["image_0.png"]

        assert _comment(content)["prompt"] == "a lighthouse that nobody asked for"
        assert _is_signed(content)

    async def test_a_dropped_connection_is_paid_for(self, sandbox: Sandbox, asked: Asked) -> None:
        """The worst case of all: done, charged, and nobody knows."""
        client = sandbox(SandboxSettings(account=Account(tier=1)))

        with pytest.raises(DroppedError):
            await client.post(_PATH, json=asked(), headers={"X-Sandbox-Fault": "drop-connection"})

        assert await _balance(client) < 10_000

    def test_an_unknown_fault_in_the_settings_is_a_mistake(self) -> None:
        """It is told when the sandbox is built."""
        with pytest.raises(UnknownFaultError):
            create(SandboxSettings(fault="nonsense"))


class TestControl:
    async def test_armed_faults_need_no_header(self, sandbox: Sandbox, asked: Asked) -> None:
        """A gateway in between hands no headers on."""
        client = sandbox()
        armed = await client.post("/sandbox/faults", json={"fault": "429", "times": 2})
        statuses = [(await client.post(_PATH, json=asked())).status_code for _ in range(3)]

        assert armed.json() == {"fault": "429", "times": 2}
        assert statuses == [429, 429, 200]

    async def test_a_fault_that_is_none_cannot_be_armed(self, sandbox: Sandbox) -> None:
        """A typo would make a test pass that tests nothing."""
        answer = await sandbox().post("/sandbox/faults", json={"fault": "nonsense"})

        assert answer.status_code == 400

    async def test_calls_tell_what_was_sent(
        self, sandbox: Sandbox, asked: Asked, picture: Callable[..., bytes]
    ) -> None:
        """The point of it all: to see what a gateway lets through."""
        client = sandbox()
        await client.post(_PATH, json=asked())
        form = json.dumps(asked(image="image") | {"action": "img2img"})
        await client.post(_PATH, files={"request": ("r", form), "image": ("i", picture())})
        await client.post(_PATH, content=b"nonsense", headers={"Content-Type": "application/json"})

        told = (await client.get("/sandbox/calls")).json()

        assert told["count"] == 3
        first, second, third = told["calls"]
        assert first["body"] == asked()
        assert len(first["sha256"]) == 64
        assert list(second["parts"]) == ["image"]
        assert third["body"] is None
        assert told["paid"] == 2
        assert [call["paid"] for call in told["calls"]] == [True, True, False]

    async def test_reset_begins_afresh(self, sandbox: Sandbox, asked: Asked) -> None:
        """One server can serve many tests."""
        client = sandbox(SandboxSettings(account=Account(tier=1)))
        await client.post(_PATH, json=asked())
        await client.post("/sandbox/faults", json={"fault": "402"})
        await client.post("/sandbox/reset")

        assert (await client.get("/sandbox/calls")).json() == {"count": 0, "paid": 0, "calls": []}
        assert await _balance(client) == 10_000
        assert (await client.post(_PATH, json=asked())).status_code == 200

    async def test_pictures_can_be_made_ahead(self, sandbox: Sandbox, asked: Asked) -> None:
        """A benchmark measures the gateway, not the painter; nothing is charged or noted."""
        client = sandbox()
        made = await client.post("/sandbox/prerender", json=asked(n_samples=3))

        assert made.json() == {"pictures": 3}
        assert (await client.get("/sandbox/calls")).json()["count"] == 0
        assert len(_entries(await client.post(_PATH, json=asked(n_samples=3)))) == 3


class TestUser:
    async def test_a_login_gives_a_token_that_works(self, sandbox: Sandbox) -> None:
        """With status 201, on which two clients insist."""
        client = sandbox()
        answer = await client.post("/user/login", json={"key": "k" * 64})
        token = answer.json()["accessToken"]
        told = await client.get("/user/data", headers={"Authorization": f"Bearer {token}"})

        assert answer.status_code == 201
        assert told.json()["subscription"]["tier"] == 3

    async def test_a_wrong_key_is_told_so(self, sandbox: Sandbox) -> None:
        """In the words that clients look for."""
        answer = await sandbox().post("/user/login", json={"key": "short"})

        assert answer.status_code == 401
        assert answer.json()["message"] == "Incorrect access key."

    async def test_a_subscription_has_old_and_new_perks(self, sandbox: Sandbox) -> None:
        """novelai-python requires what the live service has dropped."""
        told = (await sandbox().get("/user/subscription")).json()

        assert {"imageGeneration", "contextTokens"} <= set(told["perks"])
        assert told["usage"] == {
            "percent": 100.0,
            "isNegative": False,
            "timeUntilNextPercent": 7855,
        }

    @pytest.mark.parametrize("path", ["data", "information", "priority", "subscription"])
    async def test_nothing_is_told_to_strangers(self, sandbox: Sandbox, path: str) -> None:
        """Each of these routes asks for a token."""
        client = sandbox()
        known = await client.get(f"/user/{path}")
        stranger = await client.get(f"/user/{path}", headers={"Authorization": ""})

        assert (known.status_code, stranger.status_code) == (200, 401)

    @pytest.mark.parametrize(("language", "prompt"), [("en", "a cat, sk"), ("jp", "空")])
    async def test_tags_are_suggested(self, sandbox: Sandbox, language: str, prompt: str) -> None:
        """In two shapes; a body on the GET, which one client sends, is ignored."""
        answer = await sandbox().request(
            "GET",
            f"{_PATH}/suggest-tags",
            params={"model": "nai-diffusion-3", "prompt": prompt, "lang": language},
            content=b"http://sandbox",
        )

        told = answer.json()
        if language == "jp":
            assert told[0] == {"jp_tag": "空", "en_tag": "sky", "power": 9800}
        else:
            assert told["tags"][0] == {"tag": "sky", "count": 9800, "confidence": 0.98}

    async def test_tags_of_an_unknown_model_are_refused(self, sandbox: Sandbox) -> None:
        """As the service does."""
        answer = await sandbox().get(
            f"{_PATH}/suggest-tags", params={"model": "x", "prompt": "sky"}
        )

        assert answer.status_code == 400

    async def test_what_is_not_offered_says_so(self, sandbox: Sandbox) -> None:
        """A silent success would be worse."""
        answer = await sandbox().post("/ai/annotate-image", json={})

        assert answer.status_code == 404
        assert answer.json()["message"] == "not offered by this sandbox yet"

    async def test_unknown_paths_and_methods_answer_in_form(self, sandbox: Sandbox) -> None:
        """Every error is JSON with the same two keys."""
        client = sandbox()
        nowhere, wrong = await client.get("/nowhere"), await client.get(_PATH)

        assert nowhere.json() == {"statusCode": 404, "message": "Not Found"}
        assert wrong.json() == {"statusCode": 405, "message": "Method Not Allowed"}
