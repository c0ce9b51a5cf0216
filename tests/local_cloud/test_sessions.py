"""Session Manager's calls: for whom the tunnel's policy allows them, and as AWS answers them."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.credentials import Credentials
from tenantnet.aws.session_documents import runner_document
from tenantnet.components.runner_permissions import RunnerPlace, runner_statements
from tenantnet.local_cloud.process import LocalCloud, request
from tenantnet.local_cloud.ssm.messages import Kind, Message, Payload
from tenantnet.settings.models import RunnerSettings
from tenantnet.tags import runner_document_name
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.local_cloud.conftest import Refusal
from tests.support.aws import signed
from tests.support.component_samples import RUNNER
from tests.support.roles import Iam
from tests.support.tunnels import ACCOUNT, CELL, POLICY, REGION, TunnelSite, User

Clients = Callable[[str], Any]
TO_REMOTE_HOST = "AWS-StartPortForwardingSessionToRemoteHost"


@pytest.fixture(scope="module")
def site(cloud: LocalCloud, client: Clients) -> TunnelSite:
    return TunnelSite.create(cloud, client)


@pytest.fixture
def acme(site: TunnelSite, name: str) -> str:
    return site.add_tenant(f"{name}-acme", "acme.db.example.com")


@pytest.fixture
def alice(site: TunnelSite, acme: str, name: str) -> User:
    return site.add_user(f"{name}-al", acme)


def start(user: User, site: TunnelSite, document: str | None, **parameters: str) -> Any:
    named: dict[str, Any] = {"DocumentName": document} if document else {}
    given = {key: [value] for key, value in parameters.items()}
    return user.ssm.start_session(Target=site.target, Parameters=given, **named)


def received(channel: ClientConnection) -> Message:
    data = channel.recv(timeout=5)
    assert isinstance(data, bytes)
    return Message.decode(data)


@pytest.fixture
def session(alice: User, site: TunnelSite, acme: str) -> Iterator[Any]:
    started = start(alice, site, acme, localPortNumber="2201")
    yield started
    site.ssm.terminate_session(SessionId=started["SessionId"])


class TestThePolicy:
    def test_allows_the_own_document(self, session: Any, alice: User) -> None:
        assert session["SessionId"].startswith(f"{alice.name}-")
        assert session["StreamUrl"].startswith("ws://127.0.0.1:")
        assert len(session["TokenValue"]) > 20

    def test_refuses_another_tenants_document(
        self, alice: User, site: TunnelSite, name: str, refusal: Refusal
    ) -> None:
        globex = site.add_tenant(f"{name}-globex", "globex.db.example.com")
        assert refusal(start, user=alice, site=site, document=globex) == "AccessDeniedException"

    def test_refuses_a_session_without_a_document_which_would_be_a_shell(
        self, alice: User, site: TunnelSite, refusal: Refusal
    ) -> None:
        assert refusal(start, user=alice, site=site, document=None) == "AccessDeniedException"

    def test_refuses_the_public_document_that_leads_to_any_host(
        self, alice: User, site: TunnelSite, refusal: Refusal
    ) -> None:
        anywhere = {"host": "globex.db.example.com", "portNumber": "3306"}
        code = refusal(start, user=alice, site=site, document=TO_REMOTE_HOST, **anywhere)
        assert code == "AccessDeniedException"
        # It is there, for whom it is allowed to.
        parameters = {key: [value] for key, value in anywhere.items()}
        site.ssm.start_session(Target=site.target, DocumentName=TO_REMOTE_HOST, Parameters=parameters)

    def test_refuses_the_own_document_on_another_host(
        self, client: Clients, site: TunnelSite, alice: User, acme: str, refusal: Refusal
    ) -> None:
        """One that is not the cell's tunnel host, by its tags."""
        ec2, asked = client("ec2"), {"MinCount": 1, "MaxCount": 1}
        image = ec2.describe_images()["Images"][0]["ImageId"]
        other = ec2.run_instances(ImageId=image, **asked)["Instances"][0]["InstanceId"]
        begin = {"Target": other, "DocumentName": acme}
        assert refusal(alice.ssm.start_session, **begin) == "AccessDeniedException"

    def test_refuses_a_user_whom_the_document_does_not_name(
        self, site: TunnelSite, acme: str, name: str, refusal: Refusal
    ) -> None:
        bob = site.add_user(f"{name}-bob")
        assert refusal(start, user=bob, site=site, document=acme) == "AccessDeniedException"

    def test_refuses_who_is_named_no_longer(
        self, site: TunnelSite, acme: str, alice: User, refusal: Refusal
    ) -> None:
        site.let(acme)
        assert refusal(start, user=alice, site=site, document=acme) == "AccessDeniedException"

    def test_allows_to_resume_and_to_end_ones_own_session(self, session: Any, alice: User) -> None:
        resumed = alice.ssm.resume_session(SessionId=session["SessionId"])
        assert resumed["StreamUrl"] == session["StreamUrl"]
        assert resumed["TokenValue"] != session["TokenValue"]
        alice.ssm.terminate_session(SessionId=session["SessionId"])

    @pytest.mark.parametrize("call", ["resume_session", "terminate_session"])
    def test_refuses_another_users_session(
        self, session: Any, site: TunnelSite, acme: str, name: str, refusal: Refusal, call: str
    ) -> None:
        eve = site.add_user(f"{name}-eve", acme)
        assert refusal(getattr(eve.ssm, call), SessionId=session["SessionId"]) == "AccessDeniedException"

    @pytest.mark.parametrize("call", ["resume_session", "terminate_session"])
    def test_refuses_the_session_of_a_user_whose_name_begins_with_ones_own(
        self, alice: User, site: TunnelSite, acme: str, refusal: Refusal, call: str
    ) -> None:
        longer = site.add_user(f"{alice.name}-ice", acme)
        other = start(longer, site, acme)["SessionId"]
        assert other.startswith(f"{alice.name}-"), "the resource of the statement matches"
        assert refusal(getattr(alice.ssm, call), SessionId=other) == "AccessDeniedException"

    def test_refuses_to_list_sessions(self, alice: User, refusal: Refusal) -> None:
        assert refusal(alice.ssm.describe_sessions, State="Active") == "AccessDeniedException"

    def test_without_the_document_check_would_allow_a_shell(
        self, site: TunnelSite, acme: str, alice: User, refusal: Refusal
    ) -> None:
        """The condition is what refuses it: the statement alone lets it through, and only the cloud stops."""
        unchecked = POLICY.replace("ssm:SessionDocumentAccessCheck", "aws:nothing")
        site.iam.attach_user_policy(UserName=alice.name, PolicyArn=site.policy(unchecked))
        assert refusal(start, user=alice, site=site, document=None) == "NotImplemented"

    def test_lets_a_role_in_by_the_tag_of_its_session(
        self, site: TunnelSite, cloud: LocalCloud, acme: str, name: str, refusal: Refusal
    ) -> None:
        """As people come through IAM Identity Center."""
        iam, named = Iam(cloud), [{"Key": "tenantnet:tunnel-user", "Value": "carol"}]
        carol = iam.role(POLICY, name=name, RoleSessionName="carol", Tags=named)
        begin = {"Target": site.target, "DocumentName": acme}
        assert refusal(carol.client("ssm").start_session, **begin) == "AccessDeniedException"
        site.let(acme, "carol")
        started = carol.client("ssm").start_session(**begin)
        assert started["SessionId"].startswith("carol-")
        # The name of a session says nothing: whoever assumes a role chooses it.
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        mallory = iam.session(arn, RoleSessionName="carol")
        assert refusal(mallory.client("ssm").start_session, **begin) == "AccessDeniedException"


@pytest.fixture(scope="module")
def runner_way(site: TunnelSite) -> str:
    name = runner_document_name(CELL)
    site.ssm.create_document(Name=name, DocumentType="Session", Content=runner_document())
    return name


@pytest.fixture(scope="module")
def runner(site: TunnelSite, cloud: LocalCloud, client: Clients) -> Any:
    """Session Manager for the migration runner's role."""
    place = RunnerPlace(
        cell=CELL,
        region=REGION,
        account_id=ACCOUNT,
        zone_id="Z0123456789",
        kms_key_arn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1",
        tunnel_host_id=site.target,
        log_group="/tenantnet/eu1/runner",
        schedule_role=f"arn:aws:iam::{ACCOUNT}:role/schedules",
    )
    statements = runner_statements(place, RunnerSettings.model_validate(RUNNER))
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    site.iam.create_role(RoleName="tunnel-runner", AssumeRolePolicyDocument="{}")
    site.iam.put_role_policy(RoleName="tunnel-runner", PolicyName="runner", PolicyDocument=policy)
    assumed = client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/tunnel-runner", RoleSessionName="AWSCodeBuild-1"
    )["Credentials"]
    session = boto3.Session(
        assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"], region_name=REGION
    )
    return session.client("ssm", endpoint_url=cloud.url)


class TestTheRunnersRole:
    DATABASE = "acme-blue.c0ffee.eu-west-1.rds.amazonaws.com"

    def start(self, runner: Any, site: TunnelSite, document: str | None, host: str = DATABASE) -> Any:
        named = {"DocumentName": document, "Parameters": {"host": [host]}} if document else {}
        return runner.start_session(Target=site.target, **named)

    def test_reaches_a_database_and_ends_its_session(
        self, runner: Any, site: TunnelSite, runner_way: str
    ) -> None:
        started = self.start(runner, site, runner_way)
        assert runner.terminate_session(SessionId=started["SessionId"])["SessionId"] == started["SessionId"]

    @pytest.mark.parametrize(
        "host", ["localhost", "10.1.2.3", "acme.db.example.com", f"{DATABASE}.example.com", f"x@{DATABASE}"]
    )
    def test_reaches_nothing_but_databases(
        self, runner: Any, site: TunnelSite, runner_way: str, refusal: Refusal, host: str
    ) -> None:
        found = refusal(self.start, runner=runner, site=site, document=runner_way, host=host)
        assert found == "InvalidParameters"

    @pytest.mark.parametrize("named", [TO_REMOTE_HOST, None])
    def test_has_no_other_way_through_the_tunnel_host(
        self, runner: Any, site: TunnelSite, runner_way: str, refusal: Refusal, named: str | None
    ) -> None:
        assert refusal(self.start, runner=runner, site=site, document=named) == "AccessDeniedException"

    def test_ends_nobody_elses_session(
        self, runner: Any, site: TunnelSite, session: Any, refusal: Refusal
    ) -> None:
        found = refusal(runner.terminate_session, SessionId=session["SessionId"])
        assert found == "AccessDeniedException"

    def test_is_no_way_for_people(
        self, alice: User, site: TunnelSite, runner_way: str, refusal: Refusal
    ) -> None:
        found = refusal(start, user=alice, site=site, document=runner_way, host=self.DATABASE)
        assert found == "AccessDeniedException"


class TestTheCalls:
    def test_a_target_that_does_not_run_is_not_connected(
        self, cloud: LocalCloud, client: Clients, name: str, refusal: Refusal
    ) -> None:
        site = TunnelSite.create(cloud, client)
        document = site.add_tenant(f"{name}-stopped", "acme.db.example.com")
        client("ec2").stop_instances(InstanceIds=[site.target])
        user = site.add_user(f"{name}-dave", document)
        assert refusal(start, user=user, site=site, document=document) == "TargetNotConnected"

    def test_a_document_that_is_not_there_or_not_for_sessions_is_invalid(
        self, site: TunnelSite, name: str, refusal: Refusal
    ) -> None:
        command = '{"schemaVersion": "2.2", "mainSteps": []}'
        site.ssm.create_document(Name=name, DocumentType="Command", Content=command)
        for document in (f"{name}-missing", name):
            begin = site.ssm.start_session
            assert refusal(begin, Target=site.target, DocumentName=document) == "InvalidDocument"

    @pytest.mark.parametrize("parameters", [{"host": "elsewhere"}, {"localPortNumber": "x"}])
    def test_parameters_are_those_of_the_document_and_fit_its_patterns(
        self, alice: User, site: TunnelSite, acme: str, refusal: Refusal, parameters: dict[str, str]
    ) -> None:
        code = refusal(start, user=alice, site=site, document=acme, **parameters)
        assert code == "InvalidParameters"

    def test_keys_that_nobody_has_are_not_recognised(self, site: TunnelSite, refusal: Refusal) -> None:
        stranger = User(cloud=site.cloud, name="", access_key="AKIAIOSFODNN7EXAMPLE", secret_key="x")
        assert refusal(start, user=stranger, site=site, document=None) == "UnrecognizedClientException"

    def test_sessions_are_described_while_they_run_and_afterwards(
        self, session: Any, site: TunnelSite, alice: User, acme: str
    ) -> None:
        found: Any = [{"key": "SessionId", "value": session["SessionId"]}]
        (active,) = site.ssm.describe_sessions(State="Active", Filters=found)["Sessions"]
        assert active["Owner"].endswith(f":user/{alice.name}")
        assert (active["DocumentName"], active["Target"]) == (acme, site.target)
        alice.ssm.terminate_session(SessionId=session["SessionId"])
        assert site.ssm.describe_sessions(State="Active", Filters=found)["Sessions"] == []
        (ended,) = site.ssm.describe_sessions(State="History", Filters=found)["Sessions"]
        assert ended["Status"] == "Terminated"

    def test_what_has_ended_cannot_be_resumed_and_may_be_ended_again(
        self, session: Any, alice: User, site: TunnelSite, refusal: Refusal
    ) -> None:
        for _ in range(2):
            alice.ssm.terminate_session(SessionId=session["SessionId"])
        code = refusal(site.ssm.resume_session, SessionId=session["SessionId"])
        assert code == "DoesNotExistException"


def signed_channel(session: Any, credentials: Credentials) -> Mapping[str, str]:
    """The headers with which a plugin asks for the session's channel."""
    return signed(credentials, "ssmmessages", "GET", session["StreamUrl"].replace("ws:", "http:", 1))


def refused(url: str, headers: Mapping[str, str], connection: socket.socket | None = None) -> bytes:
    """What a channel answers that does not open."""
    with (
        pytest.raises(InvalidStatus) as caught,
        connect(url, additional_headers=headers, sock=connection),
    ):
        pass
    assert caught.value.response.status_code == 403
    return bytes(caught.value.response.body or b"")


class TestTheChannel:
    def test_opens_for_its_token_only(self, session: Any) -> None:
        for token, opens in (("wrong", False), (session["TokenValue"], True)):
            with connect(session["StreamUrl"]) as channel:
                channel.send(f'{{"TokenValue": "{token}"}}')
                if opens:
                    assert b"output_stream_data" in channel.recv(timeout=5)[:40]
                else:
                    with pytest.raises(ConnectionClosed):
                        channel.recv(timeout=5)

    def test_of_no_session_is_not_there(self, session: Any) -> None:
        with pytest.raises(InvalidStatus) as refused, connect(f"{session['StreamUrl']}0".replace("?", "0?")):
            pass
        assert refused.value.response.status_code == 404

    def test_is_not_opened_for_who_may_not(self, session: Any, site: TunnelSite, name: str) -> None:
        bob = site.add_user(f"{name}-bob")
        own = Credentials(bob.access_key, bob.secret_key)
        assert b"ssmmessages:OpenDataChannel" in refused(session["StreamUrl"], signed_channel(session, own))

    def test_is_not_opened_by_a_wrong_signature(self, session: Any, site: TunnelSite, alice: User) -> None:
        wrong = Credentials(alice.access_key, f"{alice.secret_key}0")
        assert b"does not match" in refused(session["StreamUrl"], signed_channel(session, wrong))

    @pytest.mark.parametrize(
        "header", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-origin"}]
    )
    def test_is_not_opened_for_a_page(self, session: Any, header: Mapping[str, str]) -> None:
        assert b"a browser sent it" in refused(session["StreamUrl"], header)

    def test_is_not_opened_under_another_sites_name(self, session: Any) -> None:
        url = urlsplit(session["StreamUrl"])
        renamed = url._replace(netloc=f"rebound.example:{url.port}").geturl()
        with socket.create_connection(("127.0.0.1", url.port or 0)) as found:
            assert b"its Host is" in refused(renamed, {}, found)

    def test_is_closed_with_a_word_when_the_session_ends(self, session: Any, alice: User) -> None:
        with connect(session["StreamUrl"]) as channel:
            channel.send(f'{{"TokenValue": "{session["TokenValue"]}"}}')
            channel.recv(timeout=5)
            alice.ssm.terminate_session(SessionId=session["SessionId"])
            messages = list(channel)
        assert b"channel_closed" in messages[-1][:40]

    def test_says_nothing_while_the_plugin_begins_its_streams(self, session: Any) -> None:
        """Its reading would end: neither an acknowledgement nor a repetition comes behind the handshake."""
        response = Message(kind=Kind.INPUT, payload=b"{}", payload_type=Payload.HANDSHAKE_RESPONSE).encode()
        with connect(session["StreamUrl"]) as channel:
            channel.send(f'{{"TokenValue": "{session["TokenValue"]}"}}')
            requested = received(channel)
            channel.send(Message(kind=Kind.ACKNOWLEDGE, payload=requested.acknowledgement().payload).encode())
            channel.send(response)
            assert received(channel).kind == Kind.ACKNOWLEDGE
            assert received(channel).payload_type == Payload.HANDSHAKE_COMPLETE
            channel.send(response)
            with pytest.raises(TimeoutError):
                channel.recv(timeout=1)
            assert {received(channel).kind, received(channel).kind} == {Kind.ACKNOWLEDGE, Kind.OUTPUT}

    def test_that_nobody_is_at_cannot_be_cut(self, cloud: LocalCloud, session: Any) -> None:
        with pytest.raises(Exception, match="nobody is connected"):
            request(cloud.running_server(), "POST", f"/_local/sessions/{session['SessionId']}/drop")
