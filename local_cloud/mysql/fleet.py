"""All database servers of a local cloud, and the data of its snapshots."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Protocol

from tenantnet.aws.session_documents import MYSQL_PORT
from tenantnet.local_cloud.mysql.accounts import REPLICATION_USER, Account
from tenantnet.local_cloud.mysql.addresses import free_address
from tenantnet.local_cloud.mysql.authority import CertificateAuthority
from tenantnet.local_cloud.mysql.database import Beginning, Database, Owner
from tenantnet.local_cloud.mysql.home import Home
from tenantnet.local_cloud.mysql.installation import Generation, Installation, find
from tenantnet.local_cloud.mysql.launcher import Launcher
from tenantnet.local_cloud.mysql.replication import ReplicationState
from tenantnet.local_cloud.mysql.server import Listening, Server
from tenantnet.local_cloud.state import StateDir

WATCH_SECONDS = 1.0
Observer = Callable[[ReplicationState], None]


def open_fleet(state: StateDir, generation: Generation) -> Fleet | str:
    """The fleet of a local cloud that starts, or why there can be none."""
    found = find(generation)
    return found if isinstance(found, str) else Fleet(state, found)


class Instance(Owner, Protocol):
    """An instance that a server is put behind. address: its endpoint's name."""

    @property
    def address(self) -> str: ...

    @property
    def port(self) -> int | None: ...


class Fleet:
    """Databases by their instance's resource id, images by their snapshot's ARN."""

    def __init__(self, state: StateDir, installation: Installation) -> None:
        self.title = installation.title
        self._home = Home(state, installation)
        self._home.remove()
        self._launcher = Launcher()
        self._authority = CertificateAuthority()
        self._replicas_come_as = Account(username=REPLICATION_USER, password=secrets.token_urlsafe(24))
        self._databases: dict[str, tuple[Database, Observer]] = {}
        self._images: dict[str, Future[Path]] = {}
        self._lock, self._closed = Lock(), Event()
        state.authority.write_bytes(self._authority.certificate)
        Thread(target=self._watch, daemon=True).start()

    def create(self, key: str, instance: Instance, beginning: Beginning, observe: Observer) -> Future[None]:
        """Put a server behind an instance; done once it answers.

        observe: told every second how it replicates, where it is a replica.
        """
        port = instance.port or MYSQL_PORT
        with self._lock:
            self._home.make()
        listening = Listening(name=instance.address, address=free_address(port), port=port)
        server = Server(self._home, self._launcher, self._authority, listening)
        database = Database(instance, server, self._replicas_come_as, self._introduce)
        self._databases[key] = (database, observe)
        return database.begin(beginning)

    def _introduce(self) -> None:
        """Let all know where all are: one of them has another name than before."""
        known = [database for database, _ in list(self._databases.values())]
        addresses = {database.name: database.address for database in known}
        for database in known:
            # One that is being removed needs to know nothing any more.
            with suppress(RuntimeError):
                database.know(addresses)

    def find(self, key: str) -> Database | None:
        """The database behind an instance; None behind one of another engine."""
        found = self._databases.get(key)
        return found[0] if found else None

    def remove(self, key: str) -> None:
        """End the server behind an instance; its data go with it."""
        if found := self._databases.pop(key, None):
            found[0].remove()

    def keep_image(self, arn: str, image: Future[Path]) -> None:
        """Let a snapshot have these data."""
        self._images[arn] = image

    def image(self, arn: str) -> Future[Path] | None:
        """A snapshot's data; None for one that was made before there were any."""
        return self._images.get(arn)

    def remove_image(self, arn: str) -> None:
        """Remove a snapshot's data, unless another one has them too."""
        image = self._images.pop(arn, None)
        if image and image not in self._images.values():
            image.add_done_callback(_remove_image)

    def clear(self) -> None:
        """End all servers and forget all images."""
        for key in list(self._databases):
            self.remove(key)
        for arn in list(self._images):
            self.remove_image(arn)

    def close(self) -> None:
        """End all servers and remove all data; nothing can be done with it afterwards."""
        self._closed.set()
        for database, _ in self._databases.values():
            database.abandon()
        # Without servers nothing takes long any more.
        self._launcher.close()
        for database, _ in self._databases.values():
            database.join()
        self._home.remove()

    def _watch(self) -> None:
        while not self._closed.wait(WATCH_SECONDS):
            for database, observe in list(self._databases.values()):
                database.check()
                database.expire_logs()
                if state := database.replication_state():
                    observe(state)


def _remove_image(image: Future[Path]) -> None:
    with suppress(Exception):
        shutil.rmtree(image.result().parent)
