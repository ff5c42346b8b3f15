"""The routes that cost nothing: login, the account, suggested tags."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from pipeline.sandbox import answers, body, fields, profile, tags
from pipeline.sandbox.accounts import Accounts, Standing


@dataclass(frozen=True, slots=True)
class Free:
    """Answers for accounts; every route raises `RefusedError` for a token that is not valid."""

    accounts: Accounts

    async def log_in(self, request: Request) -> Response:
        """Give an access token for an access key, with status 201."""
        asked = body.read(await request.body(), "application/json").fields
        token = self.accounts.log_in(fields.text(asked, "key"))
        return answers.json_object({"accessToken": token}, 201)

    async def subscription(self, request: Request) -> Response:
        """The plan."""
        return self._tell(request, profile.subscription)

    async def everything(self, request: Request) -> Response:
        """Plan, priority and information together."""
        return self._tell(request, profile.everything)

    async def information(self, request: Request) -> Response:
        """The holder."""
        return self._tell(request, lambda _: profile.information())

    async def priority(self, request: Request) -> Response:
        """The place in line."""
        return self._tell(request, lambda _: profile.priority())

    async def suggest_tags(self, request: Request) -> Response:
        """Tags that may complete a prompt; a body is ignored, as one client sends one."""
        query = request.query_params
        model, prompt = query.get("model", ""), query.get("prompt", "")
        return self._tell(request, lambda _: tags.suggest(model, prompt, query.get("lang", "en")))

    def _tell(self, request: Request, tell: Callable[[Standing], object]) -> Response:
        standing = self.accounts.of(request.headers.get("authorization", ""))
        return answers.json_object(tell(standing))
