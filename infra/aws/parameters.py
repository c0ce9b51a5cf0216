"""The parameters of MySQL that a tenant's settings may set, to which values, and when they apply.

Left out is what Tenantnet sets itself, what weakens TLS, passwords or durability, what reads or writes files
of the server, what a move's comparison would end at, and what can be chosen at creation only.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Parameters.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_BYTES = 2**40
_YEAR = 31_536_000
# The least and the greatest, in each parameter's own unit.
NUMBERS: Mapping[str, tuple[int, int]] = {
    "group_concat_max_len": (4, _BYTES),
    "innodb_ft_enable_stopword": (0, 1),
    "innodb_ft_max_token_size": (10, 84),
    "innodb_ft_min_token_size": (0, 16),
    "innodb_lock_wait_timeout": (1, 1_073_741_824),
    "innodb_print_all_deadlocks": (0, 1),
    # A move asks its second question after 20 seconds.
    "interactive_timeout": (60, _YEAR),
    "join_buffer_size": (128, _BYTES),
    "lock_wait_timeout": (1, _YEAR),
    "log_queries_not_using_indexes": (0, 1),
    "long_query_time": (0, _YEAR),
    "max_allowed_packet": (1024, 1_073_741_824),
    "max_heap_table_size": (16_384, _BYTES),
    "max_prepared_stmt_count": (0, 1_048_576),
    "net_read_timeout": (10, _YEAR),
    "net_write_timeout": (10, _YEAR),
    "sort_buffer_size": (32_768, _BYTES),
    "table_definition_cache": (400, 524_288),
    "table_open_cache": (1, 524_288),
    "tmp_table_size": (1024, _BYTES),
    "wait_timeout": (60, _YEAR),
}
_OF_UNICODE = (
    *("bin", "croatian_ci", "czech_ci", "danish_ci", "esperanto_ci", "estonian_ci", "general_ci"),
    *("german2_ci", "hungarian_ci", "icelandic_ci", "latvian_ci", "lithuanian_ci", "persian_ci", "polish_ci"),
    *("roman_ci", "romanian_ci", "sinhala_ci", "slovak_ci", "slovenian_ci", "spanish2_ci", "spanish_ci"),
    *("swedish_ci", "turkish_ci", "unicode_520_ci", "unicode_ci", "vietnamese_ci"),
)
# Languages of which utf8mb4 has two collations of UCA 9.0.0.
_LANGUAGES = (
    *("bg", "bs", "cs", "da", "de_pb", "eo", "es", "es_trad", "et", "gl", "hr", "hu", "is", "la", "lt", "lv"),
    *("mn_cyrl", "nb", "nn", "pl", "ro", "ru", "sk", "sl", "sr_latn", "sv", "tr", "vi"),
)
# What the names of a character set's collations have behind it. The server does not start with another one.
COLLATIONS: Mapping[str, tuple[str, ...]] = {
    "ascii": ("bin", "general_ci"),
    "binary": (),
    "latin1": (
        *("bin", "danish_ci", "general_ci", "general_cs", "german1_ci", "german2_ci", "spanish_ci"),
        "swedish_ci",
    ),
    "latin2": ("bin", "croatian_ci", "czech_cs", "general_ci", "hungarian_ci"),
    "ucs2": (*_OF_UNICODE, "general_mysql500_ci"),
    "utf16": _OF_UNICODE,
    "utf32": _OF_UNICODE,
    "utf8mb4": (
        *(*_OF_UNICODE, "0900_ai_ci", "0900_as_ci", "0900_as_cs", "0900_bin"),
        *(f"{language}_0900_{strength}" for language in _LANGUAGES for strength in ("ai_ci", "as_cs")),
        *("ja_0900_as_cs", "ja_0900_as_cs_ks", "zh_0900_as_cs"),
    ),
}
# MySQL's own.
USUAL_CHARACTER_SET = "utf8mb4"
WORDS: Mapping[str, tuple[str, ...]] = {
    "character_set_server": tuple(COLLATIONS),
    "event_scheduler": ("ON", "OFF"),
    "transaction_isolation": ("READ-UNCOMMITTED", "READ-COMMITTED", "REPEATABLE-READ", "SERIALIZABLE"),
}
# Several of them, with commas between.
SQL_MODES = (
    *("ALLOW_INVALID_DATES", "ANSI", "ANSI_QUOTES", "ERROR_FOR_DIVISION_BY_ZERO", "HIGH_NOT_PRECEDENCE"),
    *("IGNORE_SPACE", "NO_AUTO_VALUE_ON_ZERO", "NO_BACKSLASH_ESCAPES", "NO_ENGINE_SUBSTITUTION"),
    *("NO_UNSIGNED_SUBTRACTION", "NO_ZERO_DATE", "NO_ZERO_IN_DATE", "ONLY_FULL_GROUP_BY", "PIPES_AS_CONCAT"),
    *("REAL_AS_FLOAT", "STRICT_ALL_TABLES", "STRICT_TRANS_TABLES", "TIME_TRUNCATE_FRACTIONAL", "TRADITIONAL"),
)
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.LocalTimeZone.html
TIME_ZONES = (
    *("Africa/Cairo", "Africa/Casablanca", "Africa/Harare", "Africa/Monrovia", "Africa/Nairobi"),
    *("Africa/Tripoli", "Africa/Windhoek", "America/Araguaina", "America/Asuncion", "America/Bogota"),
    *("America/Caracas", "America/Chihuahua", "America/Cuiaba", "America/Denver", "America/Fortaleza"),
    *("America/Guatemala", "America/Halifax", "America/Manaus", "America/Matamoros", "America/Monterrey"),
    *("America/Montevideo", "America/Phoenix", "America/Santiago", "America/Tijuana", "Asia/Amman"),
    *("Asia/Ashgabat", "Asia/Baghdad", "Asia/Baku", "Asia/Bangkok", "Asia/Beirut", "Asia/Calcutta"),
    *("Asia/Damascus", "Asia/Dhaka", "Asia/Irkutsk", "Asia/Jerusalem", "Asia/Kabul", "Asia/Karachi"),
    *("Asia/Kathmandu", "Asia/Krasnoyarsk", "Asia/Magadan", "Asia/Muscat", "Asia/Novosibirsk"),
    *("Asia/Riyadh", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tehran"),
    *("Asia/Tokyo", "Asia/Ulaanbaatar", "Asia/Vladivostok", "Asia/Yakutsk", "Asia/Yerevan"),
    *("Atlantic/Azores", "Australia/Adelaide", "Australia/Brisbane", "Australia/Darwin"),
    *("Australia/Hobart", "Australia/Perth", "Australia/Sydney", "Brazil/East", "Canada/Newfoundland"),
    *("Canada/Saskatchewan", "Europe/Amsterdam", "Europe/Athens", "Europe/Dublin", "Europe/Helsinki"),
    *("Europe/Istanbul", "Europe/Kaliningrad", "Europe/Moscow", "Europe/Paris", "Europe/Prague"),
    *("Europe/Sarajevo", "Pacific/Auckland", "Pacific/Fiji", "Pacific/Guam", "Pacific/Honolulu"),
    *("Pacific/Samoa", "US/Alaska", "US/Central", "US/East-Indiana", "US/Eastern", "US/Pacific", "UTC"),
)
# RDS takes another value with the instance's next restart only, and refuses to set it at once.
STATIC = frozenset({"innodb_ft_max_token_size", "innodb_ft_min_token_size"})
NAMES = tuple(sorted((*NUMBERS, *WORDS, "collation_server", "sql_mode", "time_zone")))


def takes(name: str, value: object) -> bool:
    """Whether a parameter of NAMES takes the value: text as RDS has it, or a whole number."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    text = str(value)
    if bounds := NUMBERS.get(name):
        return re.fullmatch("0|[1-9][0-9]{0,18}", text) is not None and bounds[0] <= int(text) <= bounds[1]
    if name == "sql_mode":
        return not unknown_modes(text)
    if name == "collation_server":
        return character_set_of(text) is not None
    return text in (TIME_ZONES if name == "time_zone" else WORDS.get(name, ()))


def character_set_of(collation: str) -> str | None:
    """The character set of a collation; None if there is no such collation."""
    name, _, rest = collation.partition("_")
    known = collation == "binary" or rest in COLLATIONS.get(name, ())
    return name if known else None


def unknown_modes(value: object) -> list[str]:
    """What a value for sql_mode has between its commas that is no mode of MySQL's."""
    return [each for each in str(value).split(",") if each not in SQL_MODES]


def values(name: str) -> str:
    """What a parameter of NAMES takes, in words."""
    if bounds := NUMBERS.get(name):
        return f"a whole number from {bounds[0]} to {bounds[1]}"
    match name:
        case "sql_mode":
            return f"some of these with commas between: {', '.join(SQL_MODES)}"
        case "collation_server":
            return "a collation of MySQL 8.4, such as utf8mb4_0900_ai_ci"
        case "time_zone":
            return "a time zone that RDS for MySQL has, such as Europe/Amsterdam"
    return " or ".join(WORDS[name])
