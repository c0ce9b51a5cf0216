"""Session documents: where a session of Session Manager leads, and what its caller may choose. Pure.

Also the conditions with which an IAM policy limits callers to a document and to their own sessions.
https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-schema.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-sessiondocumentaccesscheck.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-restrict-access-examples.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping

MYSQL_PORT = 3306
# What RDS names its instances, in every partition.
DATABASE_NAMES = r"^[a-z0-9-]+\.[a-z0-9]+\.[a-z0-9-]+\.rds\.amazonaws\.com(\.cn)?$"

# Without it a caller who names no document would get a shell.
DOCUMENT_CHECKED = {"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}}
# The tag that Session Manager gives a session: its id begins with a name only, and `al-*` is `al-ice-*` too.
OWN_SESSIONS_ONLY = {"StringEquals": {"ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}"}}


def tenant_document(host_name: str) -> str:
    """A tenant's: host and port are literal, so that a caller can choose the local port only.

    host_name: the tenant's endpoint name.
    """
    return _document(f"A tunnel to {host_name}", host_name, {})


def runner_document() -> str:
    """The migration runner's: to any database that the tunnel host reaches, and to MySQL's port alone.

    RDS makes up an instance's name as it makes the instance, so no document could have it from the beginning.
    """
    host = {"type": "String", "description": "The database's name in RDS", "allowedPattern": DATABASE_NAMES}
    return _document("To the databases that a move compares", "{{ host }}", {"host": host})


def _document(description: str, host: str, parameters: Mapping[str, Mapping[str, str]]) -> str:
    local_port = {
        "type": "String",
        "description": "The port on the caller's machine",
        "allowedPattern": "^[0-9]{1,5}$",
        "default": "0",
    }
    document = {
        "schemaVersion": "1.0",
        "description": description,
        "sessionType": "Port",
        "parameters": {**parameters, "localPortNumber": local_port},
        "properties": {
            "type": "LocalPortForwarding",
            "host": host,
            "portNumber": str(MYSQL_PORT),
            "localPortNumber": "{{ localPortNumber }}",
        },
    }
    return json.dumps(document)
