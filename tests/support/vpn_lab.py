"""A company, the internet and AWS in network namespaces, with real strongSwan at both ends of two tunnels.

    office ── gateway ── internet ─┬─ endpoint 1 ─┬─ vpc, with the ping host
                                   └─ endpoint 2 ─┘

A lab may have several companies, each with a gateway and an office, and several VPCs, in one internet: each
VPN connection leads from one of the gateways by two endpoints of its own into one of the VPCs.

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
from ipaddress import IPv4Address, IPv4Network, ip_network
from itertools import count, pairwise
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
COMPANY_CIDR, GATEWAY = "192.168.4.0/24", "192.168.4.1"


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
    """One VPN connection. Nothing of strongSwan runs at first.

    endpoints: AWS's, by the number of their tunnel. ways: their addresses on the side of the VPC.
    """

    office: Host
    gateway: StrongSwan
    endpoints: Mapping[int, StrongSwan]
    ways: Mapping[int, str]
    vpc: Host
    ping_host: str
    company_cidr: str

    def answer_by(self, number: int) -> None:
        """Let AWS send by this tunnel what it has for the company."""
        self.vpc.ip(f"route replace {self.company_cidr} via {self.ways[number]} src {self.ping_host}")

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A VPN connection to be made. company, vpc: by these names, several share a gateway, or a VPC.

    figures: as EC2's XML says. is_narrow: AWS's end agrees on the two ranges alone. kernel-libipsec has one
    device for all tunnels, and tells two connections of a gateway apart by nothing else.
    """

    figures: Sequence[Figures]
    network_cidr: str
    ping_host: str
    company: str = "company"
    company_cidr: str = COMPANY_CIDR
    vpc: str = "vpc"
    is_narrow: bool = False


@contextmanager
def made_lab(folder: Path, figures: Sequence[Figures], *, network_cidr: str, ping_host: str) -> Iterator[Lab]:
    """The hosts and wires, with AWS's end as EC2's XML says (figures). Nothing of it is left afterwards."""
    with made_labs(folder, [Leg(figures=figures, network_cidr=network_cidr, ping_host=ping_host)]) as [lab]:
        yield lab


@contextmanager
def made_labs(folder: Path, legs: Sequence[Leg]) -> Iterator[list[Lab]]:
    """A lab for each VPN connection, in one internet. Nothing of them is left afterwards."""
    with ExitStack() as stack:
        site = _Site(stack, folder)
        yield [site.lab(leg) for leg in legs]


class _Site:
    """What several VPN connections share."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack, self._folder, self._prefix = stack, folder, f"tn{uuid4().hex[:6]}"
        self._companies: dict[str, tuple[Host, StrongSwan]] = {}
        self._vpcs: dict[str, Host] = {}
        self._numbers = count(1)
        self._internet = self._host("internet")
        self._internet.ip(f"address add {ROUTER}/32 dev lo")

    def lab(self, leg: Leg) -> Lab:
        if leg.company not in self._companies:
            self._companies[leg.company] = self._company(leg)
        if leg.vpc not in self._vpcs:
            self._vpcs[leg.vpc] = self._host(leg.vpc)
            self._vpcs[leg.vpc].ip(f"address add {leg.ping_host}/32 dev lo")
        office, gateway = self._companies[leg.company]
        ends = {number: self._endpoint(leg, number) for number in (1, 2)}
        return Lab(
            office=office,
            gateway=gateway,
            endpoints={number: endpoint for number, (endpoint, _) in ends.items()},
            ways={number: way for number, (_, way) in ends.items()},
            vpc=self._vpcs[leg.vpc],
            ping_host=leg.ping_host,
            company_cidr=leg.company_cidr,
        )

    def _company(self, leg: Leg) -> tuple[Host, StrongSwan]:
        office, gateway = self._host(f"{leg.company}-office"), self._host(f"{leg.company}-gateway")
        self._to_internet(gateway, leg.figures[0]["company outside"])
        gateway.ip(f"route add default via {ROUTER}")
        _wire(gateway, "lan", office, "lan")
        inside = IPv4Network(leg.company_cidr)
        gateway.ip(f"address add {inside[1]}/{inside.prefixlen} dev lan")
        office.ip(f"address add {inside[10]}/{inside.prefixlen} dev lan")
        office.ip(f"route add default via {inside[1]}")
        return office, self._strongswan(gateway)

    def _endpoint(self, leg: Leg, number: int) -> tuple[StrongSwan, str]:
        """AWS's end of a tunnel, and its address on the side of the VPC."""
        host, vpc = self._host(f"{leg.company}-{leg.vpc}-{number}"), self._vpcs[leg.vpc]
        figures, wire = leg.figures[number - 1], next(self._numbers)
        self._to_internet(host, figures["aws outside"])
        # No more than that: what else an endpoint has to send goes into its tunnel.
        host.ip(f"route add {figures['company outside']}/32 via {ROUTER}")
        _wire(host, "vpc", vpc, f"endpoint{wire}")
        host.ip(f"address add 10.255.{wire}.1/30 dev vpc")
        vpc.ip(f"address add 10.255.{wire}.2/30 dev endpoint{wire}")
        host.ip(f"route add {leg.network_cidr} via 10.255.{wire}.2")
        endpoint = self._strongswan(host)
        ranges = ("0.0.0.0/0", "0.0.0.0/0")
        if leg.is_narrow:
            ranges = (leg.network_cidr, leg.company_cidr)
            # kernel-libipsec takes a range only with an address of its own in it: the one of AWS's router.
            host.ip(f"address add {ip_network(leg.network_cidr)[1]}/32 dev lo")
        conf = endpoint.folder / "etc" / "swanctl" / "conf.d" / "aws.conf"
        conf.write_text(_aws_conf(figures, *ranges))
        return endpoint, f"10.255.{wire}.1"

    def _host(self, name: str) -> Host:
        namespace = f"{self._prefix}-{name}"
        run(["ip", "netns", "add", namespace])
        self._stack.callback(run, ["ip", "netns", "delete", namespace])
        host = Host(namespace)
        host.ip("link set lo up")
        run(host.inside("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"))
        return host

    def _strongswan(self, host: Host) -> StrongSwan:
        strongswan = StrongSwan(host, self._folder / host.namespace)
        strongswan.reset()
        self._stack.callback(strongswan.kill)
        return strongswan

    def _to_internet(self, host: Host, address: str) -> None:
        wire = f"to{int(IPv4Address(address)):08x}"
        _wire(host, "wan", self._internet, wire)
        self._internet.ip(f"route add {address}/32 dev {wire}")
        host.ip(f"address add {address}/32 dev wan")
        host.ip(f"route add {ROUTER}/32 dev wan")


def _wire(a: Host, a_name: str, b: Host, b_name: str) -> None:
    a.ip(f"link add {a_name} type veth peer name {b_name} netns {b.namespace}")
    a.ip(f"link set {a_name} up")
    b.ip(f"link set {b_name} up")


def _aws_conf(figures: Figures, network_cidr: str, company_cidr: str) -> str:
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
        local_ts = {network_cidr}
        remote_ts = {company_cidr}
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
