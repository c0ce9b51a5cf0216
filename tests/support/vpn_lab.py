"""A company, the internet and AWS in network namespaces, with real strongSwan at both ends of two tunnels.

    office ── gateway ── internet ─┬─ endpoint 1 ─┬─ vpc, with the ping host
                                   └─ endpoint 2 ─┘

Nothing of it is connected to the machine's own network. Every strongSwan has an /etc and a /run of its own.
ESP is done in user space, by strongSwan's plugin kernel-libipsec, so that a kernel without IPsec is enough.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from tests.support.vpn_machine import CHARON
from tests.support.vpn_reading import Figures, proposal

PLUGINS = (
    *("random", "nonce", "openssl", "aes", "sha1", "sha2", "hmac", "kdf", "gcm"),
    *("kernel-libipsec", "kernel-netlink", "socket-default", "vici", "updown"),
)
MAIN_CONF = """\
charon {
  load_modular = yes
  plugins {
    include strongswan.d/charon/*.conf
  }
}
include strongswan.d/*.conf
"""
# kernel-libipsec routes all that a tunnel may carry into its device, which here is everything: behind the
# main table it does not take strongSwan's own packets too.
LAB_CONF = """\
charon {
  routing_table_prio = 40000
  filelog {
    log {
      path = /run/charon.log
      flush_line = yes
    }
  }
}
"""
# What makes these places of a process its own: `ip netns exec` gives it mounts that nobody else sees.
PRIVATE = " && ".join(
    f'mount --bind "$1/{place}" "/{place}"'
    for place in ("run", "etc/strongswan.conf", "etc/strongswan.d", "etc/swanctl")
)
LIMIT_SECONDS = 20.0
# The router that stands at the other end of every wire to the internet.
ROUTER = "192.0.2.1"
COMPANY_CIDR, OFFICE, GATEWAY = "192.168.4.0/24", "192.168.4.10", "192.168.4.1"


def until(condition: Callable[[], object], what: str, limit: float = LIMIT_SECONDS) -> None:
    """Wait until the condition holds. Raises AssertionError where it does not within `limit` seconds."""
    try:
        Retrying(
            retry=retry_if_result(lambda result: not result),
            stop=stop_after_delay(limit),
            wait=wait_fixed(0.1),
        )(condition)
    except RetryError:
        raise AssertionError(f"not within {limit:.0f} s: {what}") from None


def run(
    command: Sequence[str],
    *,
    check: bool = True,
    given: str = "",
    variables: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """A command that has ended. Raises AssertionError with what it said where it failed."""
    done = subprocess.run(
        command, input=given, env=variables, capture_output=True, text=True, timeout=120, check=False
    )
    assert not (check and done.returncode), f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done


@dataclass(frozen=True, slots=True)
class Host:
    """A network namespace."""

    namespace: str

    def ip(self, arguments: str) -> None:
        run(["ip", "-netns", self.namespace, *arguments.split()])

    def inside(self, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self.namespace, *command]


class StrongSwan:
    """strongSwan on a host, with an /etc and a /run of its own in `folder`."""

    def __init__(self, host: Host, folder: Path) -> None:
        self.host, self.folder = host, folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None

    def reset(self) -> None:
        """Make it as on a machine on which it was just installed."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        plugins = self.folder / "etc" / "strongswan.d" / "charon"
        for folder in (plugins, self.folder / "etc" / "swanctl" / "conf.d", self.folder / "run"):
            folder.mkdir(parents=True)
        for plugin in PLUGINS:
            (plugins / f"{plugin}.conf").write_text(f"{plugin} {{\n  load = yes\n}}\n")
        (plugins.parent / "lab.conf").write_text(LAB_CONF)
        (self.folder / "etc" / "strongswan.conf").write_text(MAIN_CONF)
        (self.folder / "etc" / "swanctl" / "swanctl.conf").write_text("include conf.d/*.conf\n")

    def shell(self, script: str, folder: Path) -> None:
        """Run a script as root of this machine, in `folder`."""
        run(self._inside(f'{PRIVATE} && cd "$2" && exec sh -eu', str(folder)), given=script)

    def start(self) -> None:
        """Start the daemon and load what is configured."""
        self.launch()
        self.execute("swanctl", "--load-all")

    def launch(self) -> None:
        """Start the daemon alone: it knows of no connection and refuses every one."""
        with (self.folder / "output.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._inside(f'{PRIVATE} && exec "{CHARON}"'), stdout=log, stderr=log
            )
        until((self.folder / "run" / "charon.vici").exists, f"charon of {self.host.namespace} listens")

    def kill(self) -> None:
        """End it at once, without a word to anybody."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
            for left in (self.folder / "run").glob("charon.*"):
                left.unlink()

    def execute(self, *command: str, check: bool = True) -> str:
        """Run a command on this machine beside the daemon; what it said."""
        assert self._process, "strongSwan runs"
        done = run(["nsenter", "--target", str(self._process.pid), "--mount", "--net", *command], check=check)
        return done.stdout + done.stderr

    def tunnels(self) -> set[str]:
        """The names of the tunnels that are up."""
        return set(self._in_sas(r"^  (\S+): #\d+, reqid \d+, INSTALLED"))

    def packets_received(self) -> int:
        """By all tunnels that are up."""
        return sum(map(int, self._in_sas(r"^    in .* (\d+) packets")))

    def _in_sas(self, pattern: str) -> list[str]:
        return re.findall(pattern, self.execute("swanctl", "--list-sas"), re.MULTILINE)

    def _inside(self, command: str, *arguments: str) -> list[str]:
        return self.host.inside("sh", "-c", command, "sh", str(self.folder), *arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """endpoints: AWS's, by the number of their tunnel. Nothing of strongSwan runs at first."""

    office: Host
    gateway: StrongSwan
    endpoints: Mapping[int, StrongSwan]
    vpc: Host
    ping_host: str

    def answer_by(self, number: int) -> None:
        """Let AWS send by this tunnel what it has for the company."""
        self.vpc.ip(f"route replace {COMPANY_CIDR} via 10.255.{number}.1 src {self.ping_host}")

    def pings(self, count: int = 5) -> str:
        """What ping in the office says of the ping host."""
        command = ["ping", "-c", str(count), "-i", "0.05", "-W", "1", self.ping_host]
        return run(self.office.inside(*command), check=False).stdout

    def answers(self) -> bool:
        return " 0% packet loss" in self.pings()

    def carriers(self) -> list[int]:
        """The tunnels by which the company's packets come to AWS just now."""
        running = {number: each for number, each in self.endpoints.items() if each.running}
        before = {number: each.packets_received() for number, each in running.items()}
        self.pings()
        return [number for number, each in running.items() if each.packets_received() > before[number]]


class Pinging:
    """Pings from the office without a pause while it is a context; then `longest_silence`, in seconds."""

    def __init__(self, lab: Lab) -> None:
        self._command = lab.office.inside("ping", "-D", "-i", "0.1", lab.ping_host)
        self.longest_silence = 0.0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self._said = ""
        while "icmp_seq" not in self._said:
            # Silence is what comes after an answer.
            line = self._process.stdout.readline()
            assert line, f"ping ended: {self._said}"
            self._said += line
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.send_signal(signal.SIGINT)
        rest, _ = self._process.communicate(timeout=20)
        answers = re.findall(r"^\[([\d.]+)\] \d+ bytes from", self._said + rest, re.MULTILINE)
        times = [float(time) for time in answers]
        self.longest_silence = max((after - before for before, after in pairwise(times)), default=0.0)


@contextmanager
def made_lab(folder: Path, figures: Sequence[Figures], *, network_cidr: str, ping_host: str) -> Iterator[Lab]:
    """The hosts and wires, with AWS's end as EC2's XML says (figures). Nothing of it is left afterwards."""
    run_id = uuid4().hex[:6]
    with ExitStack() as stack:
        names = ("office", "gateway", "internet", "endpoint1", "endpoint2", "vpc")
        hosts = {name: _host(stack, f"tn{run_id}-{name}") for name in names}
        _wire_internet(hosts, figures)
        _wire_company(hosts)
        _wire_vpc(hosts, network_cidr, ping_host)
        lab = Lab(
            office=hosts["office"],
            gateway=_strongswan(stack, hosts["gateway"], folder),
            endpoints={number: _strongswan(stack, hosts[f"endpoint{number}"], folder) for number in (1, 2)},
            vpc=hosts["vpc"],
            ping_host=ping_host,
        )
        for endpoint, each in zip(lab.endpoints.values(), figures, strict=True):
            (endpoint.folder / "etc" / "swanctl" / "conf.d" / "aws.conf").write_text(_aws_conf(each))
        yield lab


def _host(stack: ExitStack, namespace: str) -> Host:
    run(["ip", "netns", "add", namespace])
    stack.callback(run, ["ip", "netns", "delete", namespace])
    host = Host(namespace)
    host.ip("link set lo up")
    run(host.inside("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"))
    return host


def _strongswan(stack: ExitStack, host: Host, folder: Path) -> StrongSwan:
    strongswan = StrongSwan(host, folder / host.namespace)
    strongswan.reset()
    stack.callback(strongswan.kill)
    return strongswan


def _wire(a: Host, a_name: str, b: Host, b_name: str) -> None:
    a.ip(f"link add {a_name} type veth peer name {b_name} netns {b.namespace}")
    a.ip(f"link set {a_name} up")
    b.ip(f"link set {b_name} up")


def _wire_internet(hosts: Mapping[str, Host], figures: Sequence[Figures]) -> None:
    internet = hosts["internet"]
    internet.ip(f"address add {ROUTER}/32 dev lo")
    company = figures[0]["company outside"]
    addresses = {
        "gateway": company,
        "endpoint1": figures[0]["aws outside"],
        "endpoint2": figures[1]["aws outside"],
    }
    for name, address in addresses.items():
        _wire(hosts[name], "wan", internet, name)
        internet.ip(f"route add {address}/32 dev {name}")
        hosts[name].ip(f"address add {address}/32 dev wan")
        hosts[name].ip(f"route add {ROUTER}/32 dev wan")
    hosts["gateway"].ip(f"route add default via {ROUTER}")
    for name in ("endpoint1", "endpoint2"):
        # No more than that: what else an endpoint has to send goes into its tunnel.
        hosts[name].ip(f"route add {company}/32 via {ROUTER}")


def _wire_company(hosts: Mapping[str, Host]) -> None:
    _wire(hosts["gateway"], "lan", hosts["office"], "lan")
    hosts["gateway"].ip(f"address add {GATEWAY}/24 dev lan")
    hosts["office"].ip(f"address add {OFFICE}/24 dev lan")
    hosts["office"].ip(f"route add default via {GATEWAY}")


def _wire_vpc(hosts: Mapping[str, Host], network_cidr: str, ping_host: str) -> None:
    hosts["vpc"].ip(f"address add {ping_host}/32 dev lo")
    for number in (1, 2):
        endpoint = hosts[f"endpoint{number}"]
        _wire(endpoint, "vpc", hosts["vpc"], f"endpoint{number}")
        endpoint.ip(f"address add 10.255.{number}.1/30 dev vpc")
        hosts["vpc"].ip(f"address add 10.255.{number}.2/30 dev endpoint{number}")
        endpoint.ip(f"route add {network_cidr} via 10.255.{number}.2")


def _aws_conf(figures: Figures) -> str:
    """AWS's end of a tunnel: these algorithms and this key, and nothing else."""
    return f"""\
connections {{
  aws {{
    version = 2
    local_addrs = {figures["aws outside"]}
    remote_addrs = {figures["company outside"]}
    proposals = {proposal(figures, "ike")}
    mobike = no
    dpd_delay = {figures["dpd interval"]}s
    local {{
      auth = psk
      id = {figures["aws outside"]}
    }}
    remote {{
      auth = psk
      id = {figures["company outside"]}
    }}
    children {{
      aws {{
        local_ts = 0.0.0.0/0
        remote_ts = 0.0.0.0/0
        esp_proposals = {proposal(figures, "ipsec")}
        dpd_action = clear
      }}
    }}
  }}
}}
secrets {{
  ike-company {{
    id = {figures["company outside"]}
    secret = "{figures["key"]}"
  }}
}}
"""
