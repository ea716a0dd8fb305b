"""What is a secret: by the name that it stands under, and by the form it has in a text.

    {"password": x}  password=x  Cookie: a=1; b=x  --token x  <secret>x</secret>  scheme://user:x@host

Nobody can tell a secret from its value, so names decide, and where one stands in a text the value goes with all
that may belong to it: rather too much than a word too little. Names that only sound alike are left alone:
"author", "tokenizer", "passed". Reading a text takes one pass, whatever it holds.

Source: https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache, lru_cache
from typing import Any

__all__ = ["HIDDEN", "is_secret", "is_word", "without_secrets"]

HIDDEN = "[hidden]"
"""What stands for a secret."""

_LONGEST_KEY = 60
_LOOKED_AT = 8
_NAMES = (
    "password|passwort|passwd|passphrase|passcode|secret(?!ar)|token(?!i[sz])|cookie|authorization|credential"
    r"|(?:api|private|access|signing|encryption|session)[_. -]?key|session[_-]?id"
    "|(?<![a-z])(?:auth|pwd|pw|creds|jwt|bearer)(?![a-z])|(?-i:(?<=[a-z])(?:Auth|Pwd)(?![a-z]))"
)
_WHOLE_NAMES = r"^(?:(?:db|user|root|admin|my)[_-]?)?pass$"
"""What is a secret's name only where nothing else stands: passes are also counted."""
_HINTS = (
    *("pass", "secret", "token", "cookie", "auth", "cred", "key", "session", "pw", "jwt", "bearer"),
    *("://", "eyj"),
)
"""One of these is in every text that holds a secret: most hold none, and are not read any closer."""
_MARK = rf"""
    (?P<header> (?:cookie|authorization) [\\"']* \s* : \s* )
  | (?P<url> :// [^\s/@:'"<>\[]* : (?! \d{{1,5}} (?: [/?\#\s'"<>),;\]}}] | $ ) ) (?= [^\s'"<>]* (?: @ | $ ) ) )
  | (?P<pem> -----BEGIN [A-Z ]* PRIVATE [ ] KEY----- )
  | (?P<jwt> \b (?= eyJ[\w-]{{8,}}\.[\w-]+ ) )
  | (?P<bearer> \b bearer \s+ (?= [\w.~+/=-]{{8}} ) )
  | (?P<tag> < [\w:.-]{{0,40}}? (?:{_NAMES}) [\w:.-]{{0,60}} (?: \s [^<>]* )? > )
  | (?: (?<= \s- ) | (?<= -- ) | (?<! [\w-] ) (?<= - ) ) (?P<flag>
        (?: \w [\w-]{{0,40}}? )?? (?:{_NAMES}) [\w-]{{0,60}} \s+ ) (?! - )
  | (?: {_NAMES} ) [\w.-]{{0,60}} (?:
        (?P<pair> \\* ["'] \s* , \s* )
      | (?P<key> [\\"')\]]* \s* (?: => | -> | %3[AD] | [=:(] ) (?: \s | \\+[nrt] )* )
      | (?P<told> \s+ ) (?! at\ 0x | (?: of | is ) \b | -> ) (?= [^<>]* (?<! [-=] ) > ) )
"""
_QUOTE = r"""[bruf]{0,2} ( \\* (?: \"{3} | '{3} | ["'] ) )"""
_NEXT = r"""\s* (?: ["'\[({<] | [\w.-]+ \\* ["']? \s* [=:] )"""
_NEXT_WORD = r"""\s+ [\w.-]+ \\* ["']? \s* [=:]"""
_OPEN = {"(": ")", "[": "]", "{": "}"}
_CLOSING = ")]}>"
_ENDS_URL = r"""[^\s'"<>]*@|[^\s'"<>]*"""


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # When the first is needed: it takes some milliseconds, which a program without reports need not wait for.
    return re.compile(pattern, re.IGNORECASE | re.VERBOSE | re.DOTALL)


def is_secret(key: object) -> bool:
    """Tell whether what stands under a key is a secret: a text, an enum's member, or a tuple with such a part.

    Pure.

    Args:
        key: The key.

    Returns:
        Whether its value is to be hidden.

    Example:
        >>> [is_secret(key) for key in ("DB_PASSWORD", b"api-key", ("db", "pwd"), "author", 5)]
        [True, True, True, False, False]

    Source: https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude
    """
    # By its real class: what an object says of its class is its own code.
    kind = type(key)
    some: Any = key
    if issubclass(kind, str):
        # A long text that speaks of a password is no key.
        return str.__len__(some) <= _LONGEST_KEY and _names_secret(str.__str__(some))
    if issubclass(kind, bytes):
        return bytes.__len__(some) <= _LONGEST_KEY and _names_secret(bytes.decode(some, "latin-1"))
    if issubclass(kind, Enum):
        return is_secret(some._name_) or is_secret(some._value_)
    if issubclass(kind, tuple):
        return any(map(is_secret, tuple.__getitem__(some, slice(_LOOKED_AT))))
    return False


@lru_cache(maxsize=1_000)
def _names_secret(name: str) -> bool:
    return _may_hold_any(name) and bool(
        _compiled(_NAMES).search(name) or _compiled(_WHOLE_NAMES).search(name)
    )


def is_word(value: object) -> bool:
    """Tell whether a part of a sequence names the secret that comes next: a single word, or an option.

    Pure.

    Args:
        value: The part.

    Returns:
        Whether what follows it is to be hidden.

    Example:
        >>> [is_word(part) for part in ("--password", "password", "no password", "--password=x")]
        [True, True, False, False]

    Source: https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude
    """
    kind = type(value)
    if not issubclass(kind, str | bytes | Enum) or not is_secret(value):
        return False
    some: Any = value
    text = str.__str__(some) if issubclass(kind, str) else ""
    return not any(each in text for each in " \t\n=:")


def without_secrets(text: str) -> str:
    """Return a text in which `[hidden]` stands for each value whose name or form makes it a secret.

    Pure. Takes one pass.

    Args:
        text: Any text.

    Returns:
        The text without them.

    Example:
        >>> without_secrets("postgres://joe:x@db?sslkey=1&token=y")
        'postgres://joe:[hidden]@db?sslkey=1&token=[hidden]'

    Source: https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude
    """
    if not _may_hold_any(text):
        return text
    parts = []
    at = 0
    search = _compiled(_MARK).search
    while (mark := search(text, at)) is not None:
        start = mark.end()
        if text.startswith(HIDDEN, start):
            end = start + len(HIDDEN)
            parts.append(text[at:end])
        else:
            end = _end(text, start, mark.lastgroup or "")
            hides = end > start
            parts += (text[at:start], HIDDEN) if hides else (text[at : start + 1],)
            end = end if hides else start + 1
        at = end
    if not parts:
        return text
    return "".join([*parts, text[at:]])


def _may_hold_any(text: str) -> bool:
    folded = text.casefold()
    for hint in _HINTS:  # noqa: SIM110 - in half the time of `any`
        if hint in folded:
            return True
    return False


def _end(text: str, start: int, form: str) -> int:
    """Return where a secret ends that begins here."""
    match form:
        case "url":
            return _until(_ENDS_URL, text, start) - (text.find("@", start) >= 0)
        case "pem":
            end = text.find("-----END", start)
            return len(text) if end < 0 else end
        case "tag":
            end = text.find("</", start)
            return len(text) if end < 0 else end
        case "jwt" | "bearer":
            return _until(r"[\w.~+/=-]+", text, start)
        case "flag":
            return _end_of_quoted(text, start) or _until(r"""[^\s"',\])]+""", text, start)
        case "header":
            return _end_of_quoted(text, start) or _end_of_words(text, start, is_header=True)
        case _ if text.startswith("-----BEGIN", start):
            return _until(r"-----BEGIN .*? (?: -----END [A-Z\ ]* -* | \Z )", text, start)
        case _:
            end = _end_of_quoted(text, start) or _end_of_words(text, start, is_header=False)
            # The key is written as `<Key.PASSWORD: 1>`, and what it stands for comes after that.
            more = _compiled(r"> \s* [:=] \s* | > ['\"] \s* : \s*").match(text, end)
            return _end(text, more.end(), "key") if more else end


def _until(pattern: str, text: str, start: int) -> int:
    found = _compiled(pattern).match(text, start)
    return start if found is None else found.end()


def _end_of_quoted(text: str, start: int) -> int | None:
    """Return the end of a text in quotes, which may themselves stand in quotes any number of times."""
    opening = _compiled(_QUOTE).match(text, start)
    if opening is None:
        return None
    quote, end = opening[1], opening.end()
    while (end := text.find(quote, end)) >= 0:
        if text[end - 1] != "\\":
            return end + len(quote)
        end += 1
    return len(text)


def _end_of_words(text: str, start: int, *, is_header: bool) -> int:
    """Return the end of a value without quotes: of its line, or where something else begins for certain."""
    open_: list[str] = []
    at = start
    while at < len(text):
        c = text[at]
        if c in "\"'" and (end := _after_quote(text, at, start)) != at:
            at = end
            continue
        if open_:
            if c == open_[-1]:
                open_.pop()
        elif (c in "\r\n" or _is_newline(text, at)) and at > start:
            return at
        elif c in "\"'":
            return at - (text[at - 1] == "\\" and at - 1 > start)
        elif not is_header and _is_over(text, at):
            return at
        if c in _OPEN and not is_header:
            open_.append(_OPEN[c])
        at += 1
    return len(text)


def _after_quote(text: str, at: int, start: int) -> int:
    """Return the end of a text in quotes that is a part of the value, or the same place if its own ends here."""
    before, after = text[max(at - 1, start) : at], text[at + 1 : at + 2]
    if before and before in "=([{,: ":
        return _end_of_quoted(text, at) or at
    return at + 1 if before.isalnum() and after.isalnum() else at


def _is_newline(text: str, at: int) -> bool:
    return text[at] == "\\" and text[at + 1 : at + 2] in {"n", "r"}


def _is_over(text: str, at: int) -> bool:
    c = text[at]
    if c in ",;&":
        return _compiled(_NEXT).match(text, at + 1) is not None
    if c.isspace():
        return _compiled(_NEXT_WORD).match(text, at) is not None
    if c in _CLOSING:
        after = text[at + 1 : at + 2]
        return not after or not (after.isalnum() or after in "!#$%^*_+~")
    return c == "<" and text.startswith("</", at)
