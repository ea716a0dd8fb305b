"""What is a secret, by its name and by its form in a text; and what only sounds like one."""

from __future__ import annotations

import enum
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.redaction import HIDDEN, is_secret, without_secrets

SECRET = "hunter2-canary"  # noqa: S105 - what must not come out


class Key(enum.Enum):
    PASSWORD = 1
    FIRST = "api_key"
    NAME = "name"


TEXTS = [
    json.dumps({"body": json.dumps({"password": SECRET})}),
    json.dumps({"a": json.dumps({"b": json.dumps({"token": f'a"{SECRET}'})})}),
    f"it\"s {{'password': '{SECRET}'}}",
    repr(f"it\"s {{'password': '{SECRET}'}}"),
    f"password = '''{SECRET}'''",
    f"Cookie: a=1; session={SECRET}",
    f"Set-Cookie: id={SECRET}; Path=/; HttpOnly",
    f"authorization: token {SECRET}",
    f'Authorization: Digest username="joe", response="{SECRET}"',
    repr({"Authorization": f'Digest username="joe", response="{SECRET}"'}),
    f"b'authorization: {SECRET}'",
    f"passphrase=correct {SECRET} staple",
    f"passphrase: correct, {SECRET}; staple",
    f"password: it's {SECRET}",
    f"password: a)b&c,d {SECRET}",
    f"password:\n{SECRET}",
    f"password:\\n{SECRET}",
    f"password -> {SECRET}",
    f"password => {SECRET}",
    f"mysql --password {SECRET} -h db",
    f"mysql --db-password='{SECRET}' -h db",
    f"tool -token {SECRET}",
    f"<password>{SECRET}</password>",
    f'<a:clientSecret x="1">{SECRET}</a:clientSecret>',
    f"<user name='joe' password='{SECRET}'/>",
    f"<Conn password {SECRET}>",
    f"postgres://joe:{SECRET}@db/x",
    f"redis://:{SECRET}@db:6379/0",
    f"http://joe:a/{SECRET}@host/x",
    f"http://joe:{SECRET}",
    f"https://host/?x=1&access_token={SECRET}",
    f"api_key%3D{SECRET}",
    f"connect(password = '{SECRET}', user='joe')",
    f"set_password('{SECRET}')",
    f"token=SecretStr('{SECRET}') n=5",
    f"[('password', '{SECRET}')]",
    f'["password", "{SECRET}"]',
    f"{{('db', 'password'): '{SECRET}'}}",
    f"{{<Key.PASSWORD: 1>: '{SECRET}'}}",
    f"secrets: {{'{SECRET}'}}",
    json.dumps({"auth": {"user": "joe", "more": {"x": 1}, "last": SECRET}}),
    f"pwd={SECRET}",
    f"private_key: -----BEGIN RSA PRIVATE KEY-----\nMII\n{SECRET}\n-----END RSA PRIVATE KEY-----",
    f"read -----BEGIN PRIVATE KEY-----\n{SECRET}",
    f"sent Bearer {SECRET}",
    f"proxyAuth: {SECRET}",
    f"PGPASSWORD={SECRET}",
    f"X-Api-Key: {SECRET}",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_secret_in_a_text_is_hidden_with_all_that_may_belong_to_it(text: str) -> None:
    hidden = without_secrets(text)

    assert SECRET not in hidden
    assert HIDDEN in hidden


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"password={SECRET} host=db", "password=[hidden] host=db"),
        (f"password={SECRET};Database=x", "password=[hidden];Database=x"),
        (f"connect(password='{SECRET}', n=5)", "connect(password=[hidden], n=5)"),
        (f"?token={SECRET}&x=1", "?token=[hidden]&x=1"),
        (f"postgres://joe:{SECRET}@db/x", "postgres://joe:[hidden]@db/x"),
        (f'{{"auth": ["joe", "{SECRET}"], "n": 1}}', '{"auth": [hidden], "n": 1}'),
        (f"Cookie: a={SECRET}\nHost: b", "Cookie: [hidden]\nHost: b"),
    ],
)
def test_what_stands_beside_a_secret_is_still_told(text: str, hidden: str) -> None:
    assert without_secrets(text) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "author: Bob",
        "tokenizer=fast",
        "passed: 3",
        "bypass=1",
        "the passengers: 5",
        "secretary: Ann",
        "authentication failed: no such user",
        "wrong password for joe",
        "KeyError: 'token'",
        "http://host:8080/path?mail=a@b",
        "http://[::1]:80/",
        "<function set_password at 0x7f>",
        "compass: north",
    ],
)
def test_what_only_sounds_like_a_secret_is_left_alone(text: str) -> None:
    assert without_secrets(text) == text


@pytest.mark.parametrize(
    "key",
    [
        *("password", "DB_PASSWORD", "user-passwd", "apiKey", "api key", "access-token", "tokens"),
        *("private_key", "pwd", "auth", "basicAuth", "AUTH", "Set-Cookie", "session_id", "pass"),
        *(b"password", Key.PASSWORD, Key.FIRST, ("db", "password"), ("db", Key.PASSWORD)),
    ],
    ids=repr,
)
def test_keys_are_known_whatever_they_are_made_of(key: object) -> None:
    assert is_secret(key)


@pytest.mark.parametrize(
    "key",
    ["author", "tokenizer", "passed", "bypass", "first_pass", "key", 5, None, Key.NAME, ("a", "b")],
    ids=repr,
)
def test_other_keys_are_none(key: object) -> None:
    assert not is_secret(key)


PARTS = st.sampled_from(
    [
        "password",
        "token",
        "<",
        ">",
        "(",
        ")",
        "[",
        "'",
        '"',
        "\\",
        "=",
        ":",
        " ",
        "--",
        "://",
        "@",
        "x",
    ]
)


@given(parts=st.lists(PARTS | st.text(max_size=3), max_size=60))
def test_any_text_is_read_and_what_is_hidden_stays_hidden(parts: list[str]) -> None:
    text = "".join(parts)
    hidden = without_secrets(text)

    assert hidden.replace(HIDDEN, "") == "" or len(hidden) <= len(text) + 8 * hidden.count(HIDDEN)
    assert without_secrets(f"password='{SECRET}'\n{text}").startswith(f"password={HIDDEN}")
