import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from classifiers.device import Device
from classifiers.hash_bank import Kind
from pipeline.errors import SettingsError
from pipeline.items import ReleasedMetadata
from pipeline.settings import BankFile, Settings, load

TOKEN = "pst-" + "t" * 64
SYNCED = (
    '[{"source": "a", "kind": "csam",'
    ' "sync": {"service": "ncmec", "address": "%s", "credentials_file": "%s"%s}]'
)
OPENID = (
    '{"name": "Acme", "issuer": "%s", "client_id": "gate", "client_secret_file": "%s", '
    '"address": "https://gate.example"}'
)
REPORTING = (
    '[{"tenant": "harbour", "route": "ncmec", "service": "Harbour", "email": "a@b.example", '
    '"page": "https://harbour.example/make", "credentials_file": "%s"%s}]'
)
NOWHERE = '{"tenant": "harbour", "route": "none", "reason": "it has no duty to"}'
REMOTE = '[{"name": "shield", "address": "%s", "credentials_file": "%s"}]'
OTHER = "pst-" + "o" * 64
ENOUGH = {"NOVELAI_TOKEN": TOKEN, "IMPRIMATUR_CHILD_SAFETY_PUBLIC_KEY": "team.pub"}
DEVELOPMENT = {"NOVELAI_TOKEN": TOKEN, "IMPRIMATUR_DEVELOPMENT": "true"}


def write(data_dir: Path, text: str) -> None:
    (data_dir / "imprimatur.yaml").write_text(text)


def problems(data_dir: Path, env: Mapping[str, str]) -> tuple[str, ...]:
    """Every problem that the settings have, each a line, and none that tells a secret."""
    with pytest.raises(SettingsError) as caught:
        load(data_dir, env)
    assert all("\n" not in problem for problem in caught.value.problems)
    assert str(caught.value) == "\n".join(caught.value.problems)
    assert TOKEN not in str(caught.value)
    return caught.value.problems


class TestLoad:
    def test_what_first_start_writes_can_be_served_with(self, data_dir: Path) -> None:
        """A token and the team's key are all that an operator must bring."""
        settings = load(data_dir, ENOUGH)

        assert settings.listen.port == 8788
        assert settings.banks == ()
        assert settings.policies == ("floor", "default")
        assert settings.child_safety_public_key == data_dir / "team.pub"
        assert [token.get_secret_value() for token in settings.upstream.tokens] == [TOKEN]

    def test_the_file_is_read(self, data_dir: Path) -> None:
        """What an operator writes is what is served with."""
        (data_dir / "list.csv").write_text("")
        write(
            data_dir,
            "banks: [{source: ncmec, kind: csam, file: list.csv}]\n"
            "released_metadata: strip_all\n"
            "upstream: {spacing_seconds: 2}\n",
        )

        settings = load(data_dir, ENOUGH)

        assert settings.banks == (
            BankFile(source="ncmec", kind=Kind.CSAM, file=data_dir / "list.csv"),
        )
        assert settings.released_metadata is ReleasedMetadata.STRIP_ALL
        assert settings.upstream.spacing_seconds == 2.0

    def test_the_environment_stands_over_the_file(self, data_dir: Path) -> None:
        """A container is set up without a file of its own."""
        write(data_dir, "banks: []\nlisten: {host: 127.0.0.2, port: 1}\n")

        settings = load(data_dir, {**ENOUGH, "IMPRIMATUR_LISTEN__PORT": "9000"})

        assert (settings.listen.host, settings.listen.port) == ("127.0.0.2", 9000)

    def test_the_prompt_model_runs_where_somebody_says(self, data_dir: Path) -> None:
        """A card is used because it was asked for, never because it happens to be there."""
        assert load(data_dir, ENOUGH).device is Device.CPU
        assert load(data_dir, {**ENOUGH, "IMPRIMATUR_DEVICE": "cuda"}).device is Device.CUDA
        with pytest.raises(SettingsError, match="device: expected 'cpu' or 'cuda'"):
            load(data_dir, {**ENOUGH, "IMPRIMATUR_DEVICE": "gpu"})

    def test_lists_can_be_given_in_the_environment(self, data_dir: Path) -> None:
        """Everything that the file can say, the environment can."""
        write(data_dir, "{}\n")

        settings = load(data_dir, {**ENOUGH, "IMPRIMATUR_BANKS": "[]"})

        assert settings.banks == ()

    def test_other_variables_are_none_of_our_business(self, data_dir: Path) -> None:
        """Every machine has an environment full of them."""
        env = {**ENOUGH, "PATH": "/bin", "IMPRIMATUR_DATA_DIR": str(data_dir)}

        assert load(data_dir, env) == load(data_dir, ENOUGH)

    def test_settings_do_not_change(self, data_dir: Path) -> None:
        """What was checked at start-up is what is served with."""
        settings = load(data_dir, ENOUGH)

        with pytest.raises(ValueError, match="frozen"):
            settings.hold_hours = 0  # pyright: ignore[reportAttributeAccessIssue] # the point of it

    def test_the_digest_tells_settings_apart_and_no_secret(self, data_dir: Path) -> None:
        """The log says which settings were in force, and nothing about the tokens."""
        settings = load(data_dir, ENOUGH)

        assert settings.digest == load(data_dir, {**ENOUGH, "NOVELAI_TOKEN": OTHER}).digest
        assert settings.digest != load(data_dir, {**ENOUGH, "IMPRIMATUR_HOLD_HOURS": "1"}).digest

    def test_a_secret_does_not_show(self, data_dir: Path) -> None:
        """Settings are printed at start-up."""
        settings = load(data_dir, ENOUGH)

        shown = f"{settings} {settings!r} {settings.model_dump_json()} {settings.upstream!r}"

        assert TOKEN not in shown


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("{}", "banks: missing: write `banks: []`"),
            ("banks: []\nlisten: {prot: 1}", "listen.prot: there is no such setting: did you mean"),
            ("banks: []\nxyzzy: 1", "xyzzy: there is no such setting: remove it"),
            ("banks: [{source: a, knid: csam, file: x}]", "did you mean kind?"),
            ("banks: [{source: a, file: a.csv}]", "banks[0].kind: missing"),
            ("banks: [{source: a, kind: bad, file: x}]", "banks[0].kind: expected 'csam'"),
            ("banks: [{source: a b, kind: csam, file: x}]", "a name without spaces"),
            ("banks: {}", "banks: expected a valid array"),
            ("banks: []\nlisten: {port: 70000}", "listen.port: expected less than"),
            ("banks: []\nlisten: {port: '8788'}", "listen.port: expected a valid integer"),
            ("banks: []\nlisten: {port: true}", "listen.port: expected a valid integer"),
            ("banks: []\ndevelopment: 1", "development: expected a valid boolean"),
            ("banks: []\nhold_hours: 2031-05-04", "hold_hours: expected a valid integer"),
            ("banks: []\nhold_hours: 0", "hold_hours: expected greater than"),
            ("banks: []\nreleased_hours: 721", "released_hours: expected less than"),
            ("banks: []\ndeadline_seconds: .nan", "deadline_seconds: expected"),
            ("banks: []\nupstream: {verify_key: abc}", "verify_key: expected 32 bytes in base64"),
            ("banks: []\nlog_origin: a b", "log_origin: expected letters"),
            ("banks: []\npolicies: [floor, ../x]", "policies[1]: expected the name of a set"),
            ("banks: []\ndata_dir: /", "data_dir: it is where the settings file lies"),
            ("banks: []\nbanks: []", "imprimatur.yaml:2:1: expected a name that is written once"),
            ("banks: []\n1: 2", "imprimatur.yaml:2:1: expected a name"),
            ("banks: &a []\npolicies: *a", "aliases are not allowed"),
            ("banks: [", "imprimatur.yaml:1:9: not YAML"),
            ("", "imprimatur.yaml: expected settings"),
            ("- banks", "imprimatur.yaml: expected settings"),
            ("banks: !!python/object:os.system []", "not YAML"),
        ],
    )
    def test_what_does_not_parse(self, data_dir: Path, text: str, expected: str) -> None:
        """One line says what to change, and it says it of the right place."""
        write(data_dir, text)

        assert any(expected in problem for problem in problems(data_dir, ENOUGH))

    def test_every_problem_is_told_at_once(self, data_dir: Path) -> None:
        """Nobody mends a file line by line, with a restart for each."""
        write(data_dir, "banks: []\nlisten: {port: -1, hots: x}\nworkers: 0\n")

        assert len(problems(data_dir, ENOUGH)) == 3

    def test_the_variable_that_is_wrong_is_named(self, data_dir: Path) -> None:
        """What the file says is not what is wrong."""
        told = problems(data_dir, {**ENOUGH, "IMPRIMATUR_LISTEN__PORT": "high"})

        expected = "expected a valid integer (it is set by IMPRIMATUR_LISTEN__PORT)"
        assert told == (f"listen.port: {expected}",)

    @pytest.mark.parametrize(
        ("env", "expected"),
        [
            ({"IMPRIMATUR_UPSTREAM__BASE_URL": "http://novelai.example"}, "write https://"),
            ({"IMPRIMATUR_UPSTREAM__BASE_URL": "http://127.0.0.1:1"}, "development: true"),
            ({"IMPRIMATUR_UPSTREAM__BASE_URL": "ftp://novelai.example"}, "scheme, host"),
            ({"IMPRIMATUR_UPSTREAM__BASE_URL": "https://a:b@novelai.example"}, "scheme, host"),
            ({"IMPRIMATUR_UPSTREAM__BASE_URL": "https://novelai.example?a"}, "scheme, host"),
            ({"IMPRIMATUR_UPSTREAM__BASE_URL": "https://[::1"}, "not an address"),
            ({"IMPRIMATUR_UPSTREAM__BASE_URL": "https://a:port"}, "not an address"),
            ({"IMPRIMATUR_FAULTS_DIR": "."}, "faults_dir: faults are injected in development"),
            ({"NOVELAI_TOKEN": ""}, "no NovelAI token"),
            ({"NOVELAI_TOKEN": "eyJhbGciOi.e30.x"}, "token 1 is not `pst-`"),
            ({"IMPRIMATUR_NOVELAI_TOKENS": f"{OTHER},{OTHER}"}, "a token is there twice"),
            ({"IMPRIMATUR_UPSTREAM__TOKENS": f'["{TOKEN}"]'}, "secrets do not belong here"),
            ({"IMPRIMATUR_CHILD_SAFETY_PUBLIC_KEY": "null"}, "child_safety_public_key: missing"),
            ({"IMPRIMATUR_CHILD_SAFETY_PUBLIC_KEY": "none.pub"}, "there is no file"),
            ({"IMPRIMATUR_TAGGER": "models/none"}, "tagger: there is no model in"),
            ({"IMPRIMATUR_RATERS": '["models/none"]'}, "raters[0]: there is no model in"),
            ({"IMPRIMATUR_RATERS": '[".", "."]'}, "raters[1]: "),
            ({"IMPRIMATUR_HEADS": "models/none"}, "heads: there is no model in"),
            ({"IMPRIMATUR_HEADS": "."}, "heads: without a tagger nobody looks at them"),
            (
                {"IMPRIMATUR_REMOTE_LISTS": REMOTE % ("http://shield.example", "imprimatur.yaml")},
                "remote_lists[0].address: http://shield.example could be read by anybody",
            ),
            (
                {"IMPRIMATUR_REMOTE_LISTS": REMOTE % ("https://shield.example", "none")},
                "remote_lists[0].credentials_file: there is no",
            ),
            (
                {"IMPRIMATUR_OPENID": OPENID % ("http://id.example", "imprimatur.yaml")},
                "openid.issuer: http://id.example could be read by anybody",
            ),
            (
                {"IMPRIMATUR_OPENID": OPENID % ("http://127.0.0.1:1", "imprimatur.yaml")},
                "openid.issuer: http:// is for a stand-in",
            ),
            (
                {"IMPRIMATUR_OPENID": OPENID % ("https://id.example", "none")},
                "openid.client_secret_file: there is no",
            ),
            (
                {"IMPRIMATUR_REPORTING": REPORTING % ("none", "")},
                "reporting[0].credentials_file: there is no",
            ),
            (
                {"IMPRIMATUR_REPORTING": REPORTING % ("team.pub", "")},
                "reporting[0].credentials_file: others can use it",
            ),
            (
                {
                    "IMPRIMATUR_REPORTING": REPORTING
                    % ("keys/vault.key", ', "address": "http://127.0.0.1:1"'),
                    "IMPRIMATUR_DEVELOPMENT": "false",
                },
                "reporting[0].address: a stand-in is for development",
            ),
            (
                {"IMPRIMATUR_REPORTING": REPORTING % ("keys/vault.key", ', "environment": "prod"')},
                "environment",
            ),
            (
                {
                    "IMPRIMATUR_REPORTING": REPORTING
                    % ("keys/vault.key", ', "environment": "Production"')
                },
                "environment",
            ),
            (
                {"IMPRIMATUR_REPORTING": '[{"tenant": "harbour", "route": "ncmec"}]'},
                "credentials_file",
            ),
            ({"IMPRIMATUR_REPORTING": '[{"tenant": "harbour", "route": "none"}]'}, "reason"),
            (
                {"IMPRIMATUR_REPORTING": f"[{NOWHERE}, {NOWHERE}]"},
                "reporting[1].tenant: harbour is there twice",
            ),
            ({"IMPRIMATUR_POLICIES": '["default"]'}, "the floor stands first"),
            ({"IMPRIMATUR_POLICIES": "[]"}, "the floor stands first"),
            ({"IMPRIMATUR_POLICIES": '["floor", "floor"]'}, "a set is there twice"),
            ({"IMPRIMATUR_POLICIES": '["floor", "none.yaml"]'}, "policies[1]: there is no file"),
            (
                {"IMPRIMATUR_BANKS": '[{"source": "a", "kind": "csam", "file": "none.csv"}]'},
                "banks[0].file: there is no",
            ),
            (
                {"IMPRIMATUR_BANKS": SYNCED % ("http://list.example", "imprimatur.yaml", "}")},
                "banks[0].sync.address: http://list.example could be read by anybody",
            ),
            (
                {"IMPRIMATUR_BANKS": SYNCED % ("https://list.example", "none", "}")},
                "banks[0].sync.credentials_file: there is no",
            ),
            (
                {
                    "IMPRIMATUR_BANKS": SYNCED
                    % ("https://list.example", "imprimatur.yaml", '}, "file": "imprimatur.yaml"')
                },
                "banks[0]: a file and a service would replace each other",
            ),
        ],
    )
    def test_what_is_unsafe_or_contradictory(
        self, data_dir: Path, env: dict[str, str], expected: str
    ) -> None:
        """A gateway that should not run does not start."""
        told = problems(data_dir, {**ENOUGH, **env})

        assert len(told) == 1
        assert expected in told[0]

    def test_two_banks_of_one_name(self, data_dir: Path) -> None:
        """A match must say which list it is in."""
        (data_dir / "a.csv").write_text("")
        bank = '{"source": "a", "kind": "csam", "file": "a.csv"}'

        told = problems(data_dir, {**ENOUGH, "IMPRIMATUR_BANKS": f"[{bank}, {bank}]"})

        assert told == ("banks[1].source: a is there twice: rename one",)

    def test_no_settings_file(self, tmp_path: Path) -> None:
        """Defaults that nobody wrote down are not served with."""
        (told,) = problems(tmp_path, ENOUGH)

        assert "there is no such file" in told


class TestRights:
    @pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
    def test_a_data_directory_that_others_can_write_to(self, data_dir: Path, mode: int) -> None:
        """Who can write there can replace the keys."""
        data_dir.chmod(mode)

        (told,) = problems(data_dir, ENOUGH)

        assert told.startswith(f"data_dir: others can use it (mode {mode:04o}): run chmod")

    @pytest.mark.parametrize("mode", [0o750, 0o701])
    def test_a_key_directory_that_others_can_enter(self, data_dir: Path, mode: int) -> None:
        """Keys are for the gateway alone."""
        (data_dir / "keys").chmod(mode)

        (told,) = problems(data_dir, ENOUGH)

        assert told.startswith("keys_dir: others can use it")

    def test_a_settings_file_that_others_can_write(self, data_dir: Path) -> None:
        """Who can write it decides what is looked at."""
        (data_dir / "imprimatur.yaml").chmod(0o666)

        (told,) = problems(data_dir, ENOUGH)

        assert "chmod 0644" in told

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
    def test_a_tokens_file_that_others_can_use(self, data_dir: Path, mode: int) -> None:
        """A token is money, and somebody's account."""
        path = data_dir / "tokens"
        path.write_text(TOKEN)
        path.chmod(mode)

        (told,) = problems(data_dir, {**ENOUGH, "IMPRIMATUR_UPSTREAM__TOKENS_FILE": "tokens"})

        assert told.startswith("upstream.tokens_file: others can use it")

    def test_a_tokens_file_that_is_not_there(self, data_dir: Path) -> None:
        """The next source is not tried: the operator meant this one."""
        (told,) = problems(data_dir, {**ENOUGH, "IMPRIMATUR_UPSTREAM__TOKENS_FILE": "none"})

        assert "cannot be read" in told


class TestTokens:
    def test_a_file_holds_one_on_each_line(self, data_dir: Path) -> None:
        """Secrets come as files where containers run."""
        path = data_dir / "tokens"
        path.write_text(f"# ours\n{TOKEN}\n\n  {OTHER}  \n")
        path.chmod(0o600)

        settings = load(data_dir, {**ENOUGH, "IMPRIMATUR_UPSTREAM__TOKENS_FILE": "tokens"})

        told = [token.get_secret_value() for token in settings.upstream.tokens]
        assert told == [TOKEN, OTHER]

    def test_our_own_variable_stands_over_the_others(self, data_dir: Path) -> None:
        """What was set for this program is what was meant for it."""
        env = {**ENOUGH, "IMPRIMATUR_NOVELAI_TOKENS": f"{OTHER}, "}

        told = [token.get_secret_value() for token in load(data_dir, env).upstream.tokens]

        assert told == [OTHER]


class TestDevelopment:
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
    def test_a_sandbox_may_be_upstream(self, data_dir: Path, host: str) -> None:
        """Nobody needs a certificate to try things out."""
        url = f"http://{host}:9999"

        settings = load(data_dir, {**DEVELOPMENT, "IMPRIMATUR_UPSTREAM__BASE_URL": url})

        assert settings.upstream.base_url == url

    def test_faults_may_be_injected(self, data_dir: Path) -> None:
        """The demo makes classifiers fail."""
        settings = load(data_dir, {**DEVELOPMENT, "IMPRIMATUR_FAULTS_DIR": "faults"})

        assert settings.faults_dir == data_dir / "faults"

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gateway.example"])  # noqa: S104 - what is refused
    def test_it_serves_this_machine_only(self, data_dir: Path, host: str) -> None:
        """A gateway whose checks can be made to fail is for nobody else."""
        (told,) = problems(data_dir, {**DEVELOPMENT, "IMPRIMATUR_LISTEN__HOST": host})

        assert told.startswith("listen.host: development serves this machine only")

    def test_tokens_still_travel_in_clear_to_nobody_else(self, data_dir: Path) -> None:
        """Development is no excuse."""
        env = {**DEVELOPMENT, "IMPRIMATUR_UPSTREAM__BASE_URL": "http://192.0.2.1"}

        (told,) = problems(data_dir, env)

        assert "in clear" in told


NAMES = st.sampled_from([*Settings.model_fields, "upstream", "listen", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(os.sep),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(text=st.text(max_size=60) | st.dictionaries(NAMES, VALUES, max_size=5).map(str))
def test_any_text_is_settings_or_a_list_of_problems(data_dir: Path, text: str) -> None:
    """Whatever stands in the file, nobody sees a traceback, and nothing unchecked is served."""
    (data_dir / "imprimatur.yaml").write_bytes(text.encode(errors="surrogatepass"))

    try:
        settings = load(data_dir, ENOUGH)
    except SettingsError:
        return
    assert settings.policies[0] == "floor"


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    name=st.sampled_from(["HOLD_HOURS", "BANKS", "LISTEN", "LISTEN__PORT", "UPSTREAM__X", "", "_"]),
    value=st.text(max_size=12) | st.sampled_from(["NaN", "-Infinity", "[" * 5000, "1e999", "{}"]),
)
def test_any_variable_is_a_setting_or_a_problem(data_dir: Path, name: str, value: str) -> None:
    """The environment is input like any other."""
    try:
        settings = load(data_dir, {**ENOUGH, f"IMPRIMATUR_{name}": value})
    except SettingsError:
        return
    assert 0 <= settings.listen.port <= 65535
