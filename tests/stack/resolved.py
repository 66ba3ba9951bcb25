"""Writes the template as CloudFormation makes it of some parameters, so that no `Fn::If` hides a finding from a scanner.

    python tests/stack/resolved.py FOLDER
"""

import json
import pathlib
import sys

from conftest import stack_of

ACCOUNT, REGION = "123456789012", "us-east-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-4000-8000-000000000000"
DIGESTS = {"TokenDigests": f"acme={'0' * 64}"}
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:on-call"
CHECK = {"GapsAuth0Domain": "acme.eu.auth0.com", "GapsSecretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:auth0-AbCdEf"}
# What people deploy: nothing but what they must say; all that is optional; all of it with a company's keys; a bucket that is there.
SETS = {
    "default": DIGESTS,
    "everything": {**DIGESTS, **CHECK, "AlarmEmail": "a@example.com", "DetectionsEvery": "15m", "BufferSeconds": "60", "SourceCidrs": "192.0.2.0/24", "ExpireAfterDays": "90"},
    "keys": {
        **DIGESTS,
        **CHECK,
        **{name: KEY for name in ("KmsKeyArn", "AlarmTopicKmsKeyArn", "LogsKmsKeyArn")},
        "DetectionsEvery": "1h",
        "BufferSeconds": "60",
        "ReservedConcurrency": "50",
        "EraseRoleArn": f"arn:aws:iam::{ACCOUNT}:role/erase",
    },
    "existing": {**DIGESTS, "ExistingBucketName": "a-bucket", "AlarmTopicArn": TOPIC, "DetectionsEvery": "1d", "MergeCadence": "none"},
}
# What the SAM transform makes cannot carry an exception in the template.
MADE_BY_SAM = {
    "ReceiverUrl": [{"id": "CKV_AWS_258", "comment": "Auth0 cannot sign requests with IAM, so the URL is public and the token decides; see SECURITY.md."}],
}
NOTHING = object()


def resolved(template, given):
    """Returns the template with these parameters in it, without what its conditions leave out."""
    names = {name: str(p.get("Default", "")) for name, p in template["Parameters"].items()} | given
    names |= {"AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws", "AWS::StackName": "lake", "AWS::NoValue": NOTHING}

    def holds(condition):
        [(function, given)] = condition.items()
        if function == "Condition":
            return holds(template["Conditions"][given])
        if function == "Fn::Equals":
            one, other = (str(names[side["Ref"]]) if isinstance(side, dict) else str(side) for side in given)
            return one == other
        return {"Fn::Not": lambda all_: not all_[0], "Fn::And": all, "Fn::Or": any}[function]([holds(part) for part in given])

    def value(of):
        if isinstance(of, list):
            return [item for item in map(value, of) if item is not NOTHING]
        if not isinstance(of, dict):
            return of
        if set(of) == {"Fn::If"}:
            condition, then, otherwise = of["Fn::If"]
            return value(then if holds({"Condition": condition}) else otherwise)
        if set(of) == {"Ref"} and of["Ref"] in names:
            return names[of["Ref"]]
        return {name: inner for name, inner in ((name, value(inner)) for name, inner in of.items()) if inner is not NOTHING}

    there = {name: r for name, r in template["Resources"].items() if "Condition" not in r or holds({"Condition": r["Condition"]})}
    resources = {name: {key: value(part) for key, part in r.items() if key != "Condition"} for name, r in there.items()}
    for name, skip in MADE_BY_SAM.items():
        resources[name].setdefault("Metadata", {})["checkov"] = {"skip": skip}
    return {"AWSTemplateFormatVersion": template["AWSTemplateFormatVersion"], "Resources": resources}


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, given in SETS.items():
        (folder / f"{name}.json").write_text(json.dumps(resolved(stack_of(), given), indent=1))
