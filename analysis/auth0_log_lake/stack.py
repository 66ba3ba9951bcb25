"""The lake of a stack, as CloudFormation says it, so that nobody retypes it."""

import botocore.exceptions
import botocore.session

from auth0_log_lake.command import Unanswered


def lake_of(name: str) -> str:
    """Returns the address of a stack's lake: its output Bucket, below its parameter LakePrefix."""
    session = botocore.session.get_session()
    try:
        client = session.create_client("cloudformation", region_name=session.get_config_variable("region"))
        [stack] = client.describe_stacks(StackName=name)["Stacks"]
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise Unanswered(f"the stack {name} cannot be read: {error}") from None
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    parameters = {one["ParameterKey"]: one.get("ParameterValue", "") for one in stack.get("Parameters", [])}
    if "Bucket" not in outputs:
        raise Unanswered(f"the stack {name} has no output Bucket: is it a stack of auth0-log-lake, and is its first deployment done?")
    return f"s3://{outputs['Bucket']}/{parameters.get('LakePrefix', '')}"
