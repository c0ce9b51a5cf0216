"""The service that opens a person's automatic tunnels at login: systemd's, or launchd's on macOS. Pure."""

from __future__ import annotations

import plistlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tenantnet.refusal import Refusal, Refused, Rule

UNIT = "tenantnet-tunnel.service"
LABEL = "tenantnet.tunnel"
RESTART_SECONDS = 5
# A tunnel's session and plugin are ended in less.
STOP_SECONDS = 30

# What says where AWS, its credentials and the profiles are. Keys and tokens are not written.
VARIABLES = (
    *("PATH", "AWS_PROFILE", "NO_PROXY", "no_proxy"),
    *(PLACES := ("XDG_CONFIG_HOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE")),
)
# Written unless they have a password in them.
ADDRESSES = ("AWS_ENDPOINT_URL", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
# What ends a line for systemd, or has no place in a property list or in UTF-8.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")

LOGIN_TEXT = Rule(
    id="tunnel-login-text",
    rule="what opens tunnels at login has no control characters, and is UTF-8",
    reason="no service file of systemd or launchd can hold it as it is",
    remedy="give it another value in this shell, or unset it, and try again",
)
LOGIN_PLACE = Rule(
    id="tunnel-login-place",
    rule="paths for tunnels that open at login are absolute",
    reason="the service does not begin in this folder, and would look elsewhere",
    remedy="give the whole path, from / on, in this shell, and try again",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginService:
    """path: its file. begin, end: the commands that let it be known and started, or stopped and forgotten.

    log: the command that shows what it says.
    """

    path: Path
    text: str
    begin: Sequence[Sequence[str]]
    end: Sequence[Sequence[str]]
    log: str


def login_service(
    system: str, home: Path, user: int, command: Sequence[str], variables: Mapping[str, str]
) -> LoginService | None:
    """The service of a user; None for a system (as sys.platform) that has neither systemd nor launchd.

    variables: the shell's; only VARIABLES and ADDRESSES of them are written. Raises Refused for what a
    service could not have as it is.
    """
    kept = {name: variables[name] for name in VARIABLES if variables.get(name)}
    kept |= {name: variables[name] for name in ADDRESSES if "@" not in variables.get(name, "@")}
    if refusals := [*_refuse_values({"HOME": str(home), **kept, "the command": " ".join(command)})]:
        raise Refused("The tunnels at login", refusals)
    if system == "darwin":
        log = home / "Library" / "Logs" / f"{LABEL}.log"
        path = home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
        return LoginService(
            path=path,
            text=launchd_file(command, kept, log),
            begin=[["launchctl", "bootstrap", f"gui/{user}", str(path)]],
            end=[["launchctl", "bootout", f"gui/{user}/{LABEL}"]],
            log=f"tail {log}",
        )
    if system != "linux":
        return None
    folder = Path(kept.get("XDG_CONFIG_HOME") or home / ".config")
    control = ["systemctl", "--user"]
    return LoginService(
        path=folder / "systemd" / "user" / UNIT,
        text=systemd_unit(command, kept),
        begin=[[*control, "daemon-reload"], [*control, "enable", "--now", UNIT]],
        end=[[*control, "disable", "--now", UNIT]],
        log=f"journalctl --user --unit {UNIT}",
    )


def _refuse_values(values: Mapping[str, str]) -> Iterator[Refusal]:
    for name, value in values.items():
        if _UNWRITABLE.search(value):
            yield LOGIN_TEXT.refuse(value, name)
        # AWS's own programs take a path below the home folder, too.
        elif name in ("HOME", *PLACES) and not value.startswith(("/", "~/")):
            yield LOGIN_PLACE.refuse(value, name)


def systemd_unit(command: Sequence[str], variables: Mapping[str, str]) -> str:
    """A unit of a user's systemd. A killed one starts again; an exit code means that this would not help."""
    program, *arguments = command
    # systemd fills in $NAME in arguments alone.
    words = [_quoted(program), *(_quoted(each).replace("$", "$$") for each in arguments)]
    environment = "".join(
        f"Environment={_quoted(f'{name}={value}')}\n" for name, value in sorted(variables.items())
    )
    return f"""\
[Unit]
Description=Tunnels to databases, kept open by tenantnet

[Service]
Type=exec
ExecStart={" ".join(words)}
{environment}Restart=on-abnormal
RestartSec={RESTART_SECONDS}
KillMode=mixed
TimeoutStopSec={STOP_SECONDS}

[Install]
WantedBy=default.target"""


def _quoted(word: str) -> str:
    """As systemd.syntax(7) has it: without its escapes and specifiers having any meaning."""
    for special, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("%", "%%")):
        word = word.replace(special, written)
    return f'"{word}"'


def launchd_file(command: Sequence[str], variables: Mapping[str, str], log: Path) -> str:
    """A property list for launchd. The tunnels start again if they crash, and end as their exit code says."""
    return (
        plistlib.dumps(
            {
                "Label": LABEL,
                "ProgramArguments": [*command],
                "EnvironmentVariables": dict(variables),
                "RunAtLoad": True,
                "KeepAlive": {"Crashed": True},
                "ThrottleInterval": RESTART_SECONDS,
                "ExitTimeOut": STOP_SECONDS,
                "StandardOutPath": str(log),
                "StandardErrorPath": str(log),
            }
        )
        .decode()
        .rstrip()
    )
