"""Flow logs, as EC2 answers that it made and removed them.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteFlowLogs.html
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.ec2.models.flow_logs import FlowLogs as MotoFlowLogs
from moto.ec2.responses import EC2Response


class FlowLogs(MotoFlowLogs):
    """A flow log that delivers: a log group that is not there yet is made with the first record."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as they are
        super().__init__(*args, **kwargs)
        self.deliver_logs_status, self.deliver_logs_error_message = "SUCCESS", None


class FlowLogsResponse(EC2Response):
    """Creates and deletes flow logs."""

    def create_flow_logs(self) -> ActionResult:
        made: Any = super().create_flow_logs().result
        return ActionResult({**made, "ClientToken": self._get_param("ClientToken") or str(uuid4())})

    def delete_flow_logs(self) -> ActionResult:
        """Delete those that are there; the answer names the others."""
        self.error_on_dryrun()
        unknown = [
            each for each in self._get_param("FlowLogIds", []) if each not in self.ec2_backend.flow_logs
        ]
        for each in self._get_param("FlowLogIds", []):
            self.ec2_backend.flow_logs.pop(each, None)
        return ActionResult({"Unsuccessful": [_unknown(each) for each in unknown]})


def _unknown(flow_log_id: str) -> dict[str, Any]:
    message = f"These flow log ids in the input list are not found: [{flow_log_id}]"
    return {"ResourceId": flow_log_id, "Error": {"Code": "InvalidFlowLogId.NotFound", "Message": message}}
