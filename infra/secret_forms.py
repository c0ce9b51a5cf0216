"""What is a secret by its form or by what it is called, though nobody has marked it: no message shows it."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import unquote

NOT_SHOWN = "(not shown)"
# What secrets are called. An ARN, a name or an ID of one is none, but for Vault's secret_id.
NAMES = (
    r"(?:passw(?:or)?[dt]|passphrase|passcode|passkey|kennwort|mot_?de_?passe|contrase\w{1,6}a|(?-i:secret_id)"
    r"|(?<![a-z])(?:db|user|root|admin|my_?sql)?(?:pass|pwd|pw|psk)(?![a-z])|(?<![a-z])sig(?![a-z])"
    r"|(?<![a-z])(?:x[_-]|_)auth(?![a-z])|secret|(?<!http)token"
    r"|(?:api|access|account|private|signing|encryption|master|(?:pre[_-]?)?shared)[_-]?key(?!s?_?id)|signature"
    r"|credential|authorization|connection[_-]?string|cookie)"
    r"(?!s?[_-]?(?:key[_-]?)?(?:provider|arn|id|name|length)s?(?![a-z]))"
)
_NAME = rf"{NAMES}[\w-]{{0,40}}\\*[\"']?"
# In quotes, which may be JSON's within JSON, or to the next blank or mark.
_VALUE = r"(?:(\\*[\"'])(?:(?!\2).)*|(?!arn:)[^\s&;,\"'<>\\})\]]+)"


@cache
def _form(pattern: str) -> re.Pattern[str]:
    """Compiled as it is first needed: most commands refuse nothing."""
    return re.compile(pattern, re.IGNORECASE | re.DOTALL | re.MULTILINE)


# The first group of each is shown.
_FORMS = [
    r"()(?:-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY.*?(?:-----END[^-]{0,60}-----|\Z)|PuTTY-User-Key-File.*)",
    # A signed address is as good as what it leads to.
    r"(\?)[^\s\"'<>?]*(?:signature|sig|credential|token)=[^\s\"'<>]*",
    (
        r"(//(?:hooks\.[\w.-]{1,80}|discord(?:app)?\.com|[\w.-]{0,80}webhook[\w.-]{0,80}|api\.telegram\.org"
        r"|events\.pagerduty\.com)/)[^\s\"'<>]+"
    ),
    r"(://)(?:[^\s\"'<>/@:]{0,200}:[^\s\"'<>]{0,400}|[^\s\"'<>/@]{1,400})(?=@)",
    r"((?<![^\s\"'=,;(])(?!mailto:))[^\s:/@\"'=,;]{1,80}:[^\s/@\"']{1,200}(?=@(?!sha256:))",
    r"((?<![a-z])(?:bearer|basic)\s+|(?<![\w-])-u\s+)(?:[\w.~+/=-]{8,}|\S+:\S+)",
    r"((?<![\w-])--[\w-]{0,20}user\s+)[^\s:]+:\S+",
    # An Oracle login, and a line of PostgreSQL's file of passwords.
    r"((?<![^\s\"'=:]))[\w.]{1,80}/[^\s:/@\"'=,;]{1,200}(?=@(?!sha256:)[^\s:/@]{1,200}[:/])",
    (
        r"((?<![^\s\"':])(?:[\w-]{1,60}\.[\w.-]{1,200}|localhost|\*):[0-9*]{1,5}:[^\s:]{1,80}:[^\s:]{1,80}:)[^\s\"']+"
    ),
    # As VPN devices are told it.
    (
        r"((?:(?<![a-z])psk|pre-?shared-?(?:key|secret)|psksecret|isakmp\s+key)\s+"
        rf"(?:(?:local|remote|ascii-text|hexadecimal|[0-9])\s+){{0,3}})(?![=:]){_VALUE}"
    ),
    rf"({_NAME}\s{{0,20}}(?:=>|:=|=)\s{{0,20}}){_VALUE}",
    rf"((?<!:)(?<![a-z0-9_-]:){_NAME}:){_VALUE}",
    rf"((?:^|[{{\[,;&(\"'])\s{{0,20}}[\w.:-]{{0,60}}{_NAME}\s{{0,20}}:\s+){_VALUE}",
    # In a sentence only what looks like one: `its secrets: pulumi stack output` names none.
    rf"({_NAME}\s{{0,20}}:\s+)(?=\S*[0-9]){_VALUE}",
    rf"({_NAME}\s{{0,20}},\s{{0,20}}\\*[\"']value\\*[\"']\s{{0,20}}:\s{{0,20}}){_VALUE}",
    rf"((?<![\w-])--?[\w-]{{0,40}}{NAMES}[\w-]{{0,40}}\s+|IDENTIFIED\s+(?:WITH\s+\S+\s+)?BY\s+){_VALUE}",
    rf"(<[^<>]{{0,80}}{NAMES}[^<>]{{0,80}}>)[^<]+",
    (
        r"((?<![\w-]))(?:gh[opsru]_|github_pat_|glpat-|xox[a-z]-|[rs]k_(?:live|test)_|sk-|pul-|npm_|pypi-|hvs\."
        r"|dop_v1_|dapi(?=[0-9a-f]{16})|hf_(?=[a-z0-9]{20})|AGE-SECRET-KEY-|\$apr1\$|whsec_|ya29\.|shpat_|SG\.|AIza"
        r"|A[KS]IA(?=[A-Z0-9]{16}))[\w.$-]{10,}"
    ),
    r"((?<![\w.-]))eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?",
]
# Words of chance, as AWS and whoever else makes up secrets: capitals, small letters and some digits.
_MIXED = r"(?<![\w/+.-])(?=\S{0,60}?[A-Z])(?=\S{0,60}?[a-z])(?=(?:\S{0,40}?[0-9]){%s})"
_OF_CHANCE = re.compile(
    rf"{_MIXED % 1}[A-Za-z0-9/+]{{40}}(?![\w/+.-])|{_MIXED % 3}[A-Za-z0-9+_]{{32,}}={{0,2}}(?![\w/+.-])"
    r"|(?<![\w:-])[0-9a-f]{64,}(?![\w-])"
)
# A resource's type ends so: `aws:secretsmanager/secret:Secret`.
_TYPE = re.compile(r"[a-z][\w-]*:[\w./-]+/(\w+):(?i:\1)(?!\w)")


# A text with one of these has structure or several words: names of things have none.
_STRUCTURE = re.compile(r"[\s=\"'<>{}()\[\],;|%\\]")
# Where a command is told a login, and what a document may call one otherwise.
_SPEAKS = rf"{NAMES}|secure-?string|(?<![^\s\"'])-[apw](?![\w-]*-)"
_ESCAPED = re.compile(r"\\+u([0-9a-f]{4})", re.IGNORECASE)


def hide_value(value: str) -> str:
    """A value that somebody gives, with words instead of secrets.

    Of a document or a command that speaks of secrets nothing is shown: nobody can list how all of them do.
    """
    read = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), unquote(value))
    return NOT_SHOWN if _STRUCTURE.search(value) and _form(_SPEAKS).search(read) else hide_secrets(value)


def hide_secrets(text: str) -> str:
    """The text, with words instead of what is a secret by its form."""
    for form in _FORMS:
        text = _form(form).sub(_hidden, text)
    return _OF_CHANCE.sub(NOT_SHOWN, text)


def _hidden(found: re.Match[str]) -> str:
    """What is shown of it: all of it within a resource's type, else what stands before the secret."""
    is_type = any(each.start() <= found.start() < each.end() for each in _TYPE.finditer(found.string))
    return found[0] if is_type else f"{found[1]}{NOT_SHOWN}"
