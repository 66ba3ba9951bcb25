"""The buffered mode, created in moto's server and run: the real binary and the AWS SDK against moto's SQS and S3.

The receiver and the writer are one binary, each with the environment and the role of its deployed function; moto checks each of
their calls against that role's policy. What Lambda's event source mapping does between them is done here.
"""

import contextlib
import gzip
import hashlib
import json
import re

import pytest
from botocore.exceptions import ClientError
from conftest import PROJECT, TOKEN
from test_deployed import creatable, credentials_of, invoke, policies_enforced, sample

STACK = "lake-buffered"
QUEUED = {"queued": True}
DIGEST = hashlib.sha256(TOKEN.encode()).hexdigest()


@pytest.fixture(scope="module")
def deployed(aws, stack):
    """What is deployed: outputs, the mapping, and of each function its environment and credentials of its role."""
    aws("s3").create_bucket(Bucket="packages")
    aws("s3").put_object(Bucket="packages", Key="receiver.zip", Body=b"PK\5\6" + bytes(18))
    cloudformation = aws("cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(creatable(stack)),
        Parameters=[{"ParameterKey": "TokenDigests", "ParameterValue": f"example={DIGEST}"}, {"ParameterKey": "BufferSeconds", "ParameterValue": "60"}],
        Capabilities=["CAPABILITY_IAM"],
    )
    described = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    assert described["StackStatus"] == "CREATE_COMPLETE"
    outputs = {o["OutputKey"]: o["OutputValue"] for o in described["Outputs"]}
    mappings = aws("lambda").list_event_source_mappings()["EventSourceMappings"]
    [mapping] = [m for m in mappings if m["EventSourceArn"].endswith(outputs["Batches"].split("/")[-1])]
    names = {"Receiver": outputs["FunctionName"], "Writer": mapping["FunctionArn"].split(":")[-1]}
    functions = {name: aws("lambda").get_function_configuration(FunctionName=physical) for name, physical in names.items()}
    # moto would start the function in a container whenever a message is sent; here the tests do that.
    aws("lambda").delete_event_source_mapping(UUID=mapping["UUID"])
    return {
        "outputs": outputs,
        "mapping": mapping,
        "environment": {name: function["Environment"]["Variables"] for name, function in functions.items()},
        "credentials": {name: credentials_of(aws, function["Role"].split("/")[-1]) for name, function in functions.items()},
    }


class Both:
    """Both functions, over one queue and one bucket."""

    def __init__(self, aws, deployed, binary):
        self.aws, self.deployed, self.binary = aws, deployed, binary
        self.queue, self.bucket = deployed["outputs"]["Batches"], deployed["outputs"]["Bucket"]
        self.received = []

    def run(self, function, *events, are_policies_enforced=True, **changed):
        environment = {**self.deployed["environment"][function], **changed, "AWS_ENDPOINT_URL_SQS": self.aws.endpoint}
        credentials = self.deployed["credentials"][function]
        with policies_enforced(self.aws) if are_policies_enforced else contextlib.nullcontext():
            return invoke(self.binary, environment, self.aws, credentials, *events)

    def post(self, *events, **changed):
        answers, log = self.run("Receiver", *events, **changed)
        return [(answer["statusCode"], json.loads(answer["body"])) for answer in answers], log

    def receive(self):
        """Takes all that waits, as the mapping does: ten at a time, with the writer's role."""
        client, messages = self.aws("sqs", **self.deployed["credentials"]["Writer"]), []
        with policies_enforced(self.aws):
            while batch := client.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
                messages += batch
        self.received += messages
        return messages

    def write(self, messages, **changed):
        """Gives messages to the writer, deletes what it stored, and gives the ids that it names as failed."""
        records = [
            {
                "messageId": m["MessageId"],
                "receiptHandle": m["ReceiptHandle"],
                "body": m["Body"],
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795403527123"},
                "messageAttributes": {},
                "md5OfBody": m["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": self.deployed["mapping"]["EventSourceArn"],
                "awsRegion": "us-east-1",
            }
            for m in messages
        ]
        [answer], log = self.run("Writer", {"Records": records}, **changed)
        failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
        client = self.aws("sqs", **self.deployed["credentials"]["Writer"])
        with policies_enforced(self.aws):
            for m in messages:
                if m["MessageId"] not in failed:
                    client.delete_message(QueueUrl=self.queue, ReceiptHandle=m["ReceiptHandle"])
        return failed, log

    def slip_in(self, text):
        return self.aws("sqs").send_message(QueueUrl=self.queue, MessageBody=text)["MessageId"]

    def show_again(self, messages):
        """Ends the time for which messages are hidden."""
        for m in messages:
            self.aws("sqs").change_message_visibility(QueueUrl=self.queue, ReceiptHandle=m["ReceiptHandle"], VisibilityTimeout=0)

    def left(self):
        """How many messages there are, the hidden ones too."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.aws("sqs").get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def keys(self):
        return [o["Key"] for o in self.aws("s3").list_objects_v2(Bucket=self.bucket).get("Contents", [])]

    def rows(self):
        """Every row by its id, without what depends on when its request came."""
        rows = {}
        for key in self.keys():
            for line in gzip.decompress(self.aws("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()).splitlines():
                row = json.loads(line)
                for own in ("p_parse_time", "received_at", "index"):
                    row.pop(own, None)
                row.get("ingest", {}).pop("request_id", None)
                row.pop("request_id", None)
                if row.get("ingest", {}).get("time_source") == "received":
                    row.pop("p_event_time")
                rows[row["p_row_id"]] = row
        return rows


    def empty_the_bucket(self):
        for key in self.keys():
            self.aws("s3").delete_object(Bucket=self.bucket, Key=key)


@pytest.fixture
def both(aws, deployed, receiver):
    """Both functions, with an empty queue and an empty bucket."""
    both = Both(aws, deployed, receiver)
    yield both
    both.empty_the_bucket()
    both.receive()
    for m in both.received:
        aws("sqs").delete_message(QueueUrl=both.queue, ReceiptHandle=m["ReceiptHandle"])
    assert (both.left(), both.keys()) == (0, [])


SAMPLES = ["array.json", "lines-base64.json", "logs-object.json", "broken-record.json"]


def test_deploying_gives_the_queue_its_dead_letters_and_the_mapping_its_window(aws, deployed):
    attributes = aws("sqs").get_queue_attributes(QueueUrl=deployed["outputs"]["Batches"], AttributeNames=["All"])["Attributes"]
    dead = aws("sqs").get_queue_attributes(QueueUrl=deployed["outputs"]["DeadBatches"], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.loads(attributes["RedrivePolicy"])
    assert (redrive["deadLetterTargetArn"], int(redrive["maxReceiveCount"])) == (dead, 180)
    assert (attributes["VisibilityTimeout"], attributes["SqsManagedSseEnabled"].lower()) == ("480", "true")
    mapping = deployed["mapping"]
    assert (mapping["EventSourceArn"], mapping["BatchSize"]) == (attributes["QueueArn"], 10_000)
    assert deployed["environment"]["Receiver"]["QUEUE_URL"] == deployed["outputs"]["Batches"]
    assert "QUEUE_URL" not in deployed["environment"]["Writer"]


def test_what_is_posted_is_queued_and_written_as_the_rows_of_the_direct_way(both):
    events = [sample(name) for name in SAMPLES]
    answers, log = both.post(*events)
    assert answers == [(200, QUEUED)] * len(events)
    assert both.keys() == []
    assert [line["message"] for line in log if "_aws" not in line] == ["queued the batch"] * len(events)
    stated = re.search(r"two lines of a queued request: ([\d,]+)", (PROJECT / "COSTS.md").read_text())[1]
    size = sum(len(json.dumps(line, separators=(",", ":"))) for line in log) / len(events)
    assert abs(size - int(stated.replace(",", ""))) < 75, size
    messages = both.receive()
    assert len(messages) == len(events)
    assert not any(secret in m["Body"] for m in messages for secret in (TOKEN, DIGEST, "Bearer"))
    failed, log = both.write(messages)
    assert (failed, both.left()) == ([], 0)
    buffered, objects = both.rows(), len(both.keys())
    assert [line["ObjectsWritten"] for line in log if "_aws" in line] == [objects]

    both.empty_the_bucket()
    direct = both.deployed["environment"]["Writer"]  # the same settings without a queue
    answers, _ = both.post(*events, **{"QUEUE_URL": "", **direct})
    assert all(status == 200 and answer["received"] > 0 for status, answer in answers)
    assert both.rows() == buffered and len(buffered) > 30


def test_the_requests_of_one_hour_become_one_object(both):
    record = {"log_id": "1", "data": {"date": "2026-07-01T12:00:00.000Z", "type": "s"}}
    events = [{**sample("array.json"), "body": json.dumps([{**record, "log_id": str(number)}])} for number in range(25)]
    answers, _ = both.post(*events)
    assert answers == [(200, QUEUED)] * 25
    failed, _ = both.write(both.receive())
    assert (failed, len(both.rows()), len(both.keys())) == ([], 25, 1)


def test_a_body_that_no_message_holds_is_stored_at_once(both):
    event = sample("array.json")
    event["body"] += " " * (256 << 10)
    [(status, answer)], _ = both.post(event)
    assert (status, answer["rejected"], both.left()) == (200, 0, 0) and answer["accepted"] > 0 and both.keys() != []


def test_the_writer_names_the_messages_that_no_receiver_wrote_and_stores_the_others(both):
    both.post(sample("array.json"), sample("broken-record.json"))
    poison = [both.slip_in(text) for text in ("poison", "{}\n[]")]
    failed, log = both.write(both.receive())
    assert sorted(failed) == sorted(poison)
    assert (both.left(), len(both.rows()) > 0) == (2, True)
    assert [line["error.code"] for line in log if "error.code" in line] == ["malformed_message"]


def test_a_store_that_fails_leaves_every_message_and_the_next_delivery_stores_them(both):
    both.post(*[sample(name) for name in SAMPLES])
    messages = both.receive()
    failed, log = both.write(messages, LAKE_URL="s3://packages")
    assert sorted(failed) == sorted(m["MessageId"] for m in messages)
    assert [line["error.kind"] for line in log if line.get("level") == "ERROR"] == ["denied"]
    assert (both.left(), both.keys()) == (len(messages), [])
    both.show_again(messages)
    failed, _ = both.write(both.receive())
    assert (failed, both.left(), len(both.rows()) > 30) == ([], 0, True)


def test_a_queue_that_is_gone_or_may_not_be_sent_to_is_answered_503_and_nothing_is_stored(both, aws):
    other = aws("sqs").create_queue(QueueName="elsewhere")["QueueUrl"]
    for url, kind in [(other.replace("elsewhere", "gone"), "not_found"), (other, "denied")]:
        # Where policies are enforced, moto refuses a queue that is not the role's before it looks whether it is there.
        answers, log = both.post(sample("array.json"), QUEUE_URL=url, are_policies_enforced=kind == "denied")
        assert answers == [(503, {"error": "store_unavailable"})], url
        assert [line["error.kind"] for line in log if line.get("level") == "ERROR"] == [kind]
        assert [line["StoreFailures"] for line in log if "_aws" in line] == [1]
    assert (both.left(), both.keys()) == (0, [])


def test_each_role_may_do_its_part_with_the_queue_and_no_more(aws, deployed, both):
    both.slip_in("poison")
    queue, dead, bucket = both.queue, deployed["outputs"]["DeadBatches"], both.bucket
    receiver, writer = (aws("sqs", **deployed["credentials"][name]) for name in ("Receiver", "Writer"))
    s3 = aws("s3", **deployed["credentials"]["Writer"])
    refused = [
        lambda: receiver.receive_message(QueueUrl=queue),
        lambda: receiver.purge_queue(QueueUrl=queue),
        lambda: receiver.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"]),
        lambda: receiver.send_message(QueueUrl=dead, MessageBody="x"),
        lambda: writer.send_message(QueueUrl=queue, MessageBody="x"),
        lambda: writer.purge_queue(QueueUrl=queue),
        lambda: writer.receive_message(QueueUrl=dead),
        lambda: s3.put_object(Bucket=bucket, Key="elsewhere/x", Body=b""),
        lambda: s3.get_object(Bucket=bucket, Key="events/x"),
        lambda: s3.list_objects_v2(Bucket=bucket),
        lambda: s3.delete_object(Bucket=bucket, Key="events/x"),
    ]
    with policies_enforced(aws):
        receiver.send_message(QueueUrl=queue, MessageBody="x")
        writer.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])
        for call in refused:
            with pytest.raises(ClientError) as raised:
                call()
            assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403, raised.value
        for message in writer.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]:
            writer.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
