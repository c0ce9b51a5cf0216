"""Text in fields of AWS that take fewer characters than people write."""

from __future__ import annotations

import re
import unicodedata

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
NOT_IN_EC2 = re.compile(r"[^a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]+")
LONGEST_IN_EC2 = 255
QUOTES = "'\"`"
# Letters that no decomposition takes apart.
LETTERS = {
    **{"ß": "ss", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "Ł": "L", "ł": "l"},
    **{"Đ": "D", "đ": "d", "Ð": "D", "ð": "d", "Þ": "Th", "þ": "th", "\N{LATIN SMALL LETTER DOTLESS I}": "i"},
}


def ec2_description(text: str, *, otherwise: str) -> str:
    """The text as the description of a security group or rule: itself where EC2 takes it.

    Marks and quotes go ("Zürich" becomes "Zurich"), other characters that EC2 refuses become `_`, and 255
    stay.
    otherwise: what a text becomes that would keep no letter and no digit, such as one in another alphabet.
    """
    if len(text) <= LONGEST_IN_EC2 and not NOT_IN_EC2.search(text):
        return text
    plain = "".join(map(_plain, unicodedata.normalize("NFKD", text)))
    taken = NOT_IN_EC2.sub("_", plain)[:LONGEST_IN_EC2]
    return taken if re.search("[a-zA-Z0-9]", taken) else otherwise


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    # Initial and final quotes, and marks.
    if character in QUOTES or category in {"Pi", "Pf"} or unicodedata.combining(character):
        return ""
    return "-" if category == "Pd" else LETTERS.get(character, character)
