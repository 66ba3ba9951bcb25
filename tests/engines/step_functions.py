"""The state machines of template.yaml, run by moto's interpreter against an Athena on loopback and moto's SNS."""

import json
import re
import time
import uuid

import deployed
import jsonata
from moto import mock_aws
from moto.sns.models import sns_backends
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import StateTaskServiceAwsSdk
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import StateTaskServiceCallback
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for
from moto.stepfunctions.parser.asl.jsonata import jsonata as evaluator
from moto.stepfunctions.parser.utils import TMP_THREADS

REGION = "us-east-1"
ACCOUNT = "123456789012"
# Those of Athena's calls that Step Functions takes, with what the project gives them; moto drops others.
CALLS = {
    "startqueryexecution": {"QueryString", "QueryExecutionContext", "WorkGroup"},
    "getqueryresults": {"QueryExecutionId", "NextToken", "MaxResults"},
}


class AthenaTask(StateTaskServiceCallback):
    """What moto lacks: Athena's calls, and `.sync`, which fails the state where the query fails."""

    def __init__(self):
        super().__init__(supported_integration_patterns={ResourceCondition.Sync})

    def _get_supported_parameters(self):
        return CALLS[self.resource.api_action.lower()]

    def client(self, part, credentials):
        return boto_client_for(service="athena", region=part.region, state_credentials=credentials)

    def _eval_service_task(self, env, resource_runtime_part, normalised_parameters, state_credentials):
        call = getattr(self.client(resource_runtime_part, state_credentials), self._get_boto_service_action())
        response = call(**normalised_parameters)
        response.pop("ResponseMetadata")
        env.stack.append(response)

    def _eval_integration_pattern(self, env, resource_runtime_part, normalised_parameters, state_credentials):
        started = env.stack.pop()
        client = self.client(resource_runtime_part, state_credentials)
        execution = client.get_query_execution(QueryExecutionId=started["QueryExecutionId"])["QueryExecution"]
        execution["Status"].pop("SubmissionDateTime", None), execution["Status"].pop("CompletionDateTime", None)  # moto writes no times
        if execution["Status"]["State"] != "SUCCEEDED":
            error = StatesErrorNameType.StatesTaskFailed
            details = TaskFailedEventDetails(
                resource=self._get_sfn_resource(), resourceType=self._get_sfn_resource_type(),
                error=error.to_name(), cause=execution["Status"]["StateChangeReason"],
            )
            raise FailureEventException(FailureEvent(
                env=env, error_name=StatesErrorName(typ=error), event_type=HistoryEventType.TaskFailed,
                event_details=EventDetails(taskFailedEventDetails=details),
            ))
        env.stack.append({"QueryExecution": execution})


class SdkTask(StateTaskServiceAwsSdk):
    """What moto lacks: an express run that is waited for. It goes as a standard one, whose history moto keeps."""

    def _eval_service_task(self, env, resource_runtime_part, normalised_parameters, state_credentials):
        if self.resource.api_name != "sfn":
            return super()._eval_service_task(env, resource_runtime_part, normalised_parameters, state_credentials)
        client = boto_client_for(service="stepfunctions", region=resource_runtime_part.region, state_credentials=state_credentials)
        asked = {"stateMachineArn": normalised_parameters["StateMachineArn"], "input": normalised_parameters["Input"]}
        arn = client.start_execution(name=uuid.uuid4().hex, **asked)["executionArn"]  # moto calls each without a name None
        while (ended := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(0.05)
        env.stack.append({"Status": ended["status"], "Input": ended["input"], "Output": ended.get("output", ""), "Cause": ended.get("cause", "")})


def definition(machine, **filled):
    """The definition of a machine of template.yaml with its substitutions, its pauses cut short."""
    text = json.dumps(deployed.glue.resources()[machine]["Properties"]["Definition"])
    for name, value in filled.items():
        text = text.replace("${" + name + "}", value)
    assert "${" not in text
    return re.sub(r'"IntervalSeconds": \d+', '"IntervalSeconds": 1', text)


OURS = {"athena": AthenaTask, "aws-sdk": SdkTask}


class Runs:
    """The state machines, and the messages that its runs published."""

    def __init__(self, monkeypatch, athena, muted=""):
        monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", athena.url)
        original = state_task_factory.state_task_service_for
        monkeypatch.setattr(state_task_factory, "state_task_service_for", lambda service_name: OURS.get(service_name, lambda: original(service_name))())
        # moto reads JSONata, and leaves its evaluation to a library.
        monkeypatch.setattr(evaluator, "_eval_jsonata", lambda expression: jsonata.Jsonata(expression).evaluate(None))
        self.mock = mock_aws(config={"stepfunctions": {"execute_state_machine": True}})
        self.mock.start()
        import boto3

        self.states = boto3.client("stepfunctions", region_name=REGION)
        self.topic = boto3.client("sns", region_name=REGION).create_topic(Name="pages")["TopicArn"]
        self.s3 = boto3.client("s3", region_name=REGION)
        self.s3.create_bucket(Bucket="lake")
        pages = self.make("DetectionsPages", Partition="aws", Topic=self.topic)
        filled = {"Partition": "aws", "Workgroup": "a-stack", "Database": athena.tables.name, "Muted": muted, "Pages": pages}
        self.machine = self.make("DetectionsRun", **filled, Bucket="lake", Results="auth0/athena-results/detections/")

    def make(self, machine, **filled):
        role = f"arn:aws:iam::{ACCOUNT}:role/detections"
        return self.states.create_state_machine(name=machine, definition=definition(machine, **filled), roleArn=role)["stateMachineArn"]

    def stop(self):
        self.mock.stop()

    def run(self, name, **asked):
        """Runs it to its end, and gives its status, and why."""
        started = self.states.start_execution(stateMachineArn=self.machine, name=name, input=json.dumps(asked))
        while TMP_THREADS:
            TMP_THREADS.pop().join()
        ended = self.states.describe_execution(executionArn=started["executionArn"])
        self.history = json.dumps(self.states.get_execution_history(executionArn=started["executionArn"]), default=str)
        return ended["status"], ended.get("cause", "")

    def messages(self):
        """What was published so far: subject, message, attributes."""
        return [(subject, message, attributes) for _, message, subject, attributes, _ in sns_backends[ACCOUNT][REGION].topics[self.topic].sent_notifications]
