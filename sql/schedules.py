"""The schedules of template.yaml that fill the table events, and keep it and the table alerts up: EventBridge Scheduler
starts their statements in Athena.

Scheduler takes an input of at most 256 KB, and Athena a statement of 262,144 bytes. A merge has 8 KB.
"""

import json
import pathlib
import textwrap

TEMPLATE = pathlib.Path(__file__).resolve().parent.parent / "template.yaml"
BEGIN, END = "sql/schedules.py.\n\n", "  # What is written ends here.\n"
# Name, when it is there, workgroup, when it runs (UTC), what it does. No two start within ten minutes: of two merges that end
# at the same time one fails, and waits for its next run.
SCHEDULES = [
    ("MergeHourly", "HasHourlyMerges", "MergeWorkgroup", "cron(5 * * * ? *)", "Merges what landed in the last hours"),
    ("MergeDaily", "HasMerges", "MergeWorkgroup", "cron(25 1 * * ? *)", "Merges what landed since yesterday"),
    ("MergeWeekly", "HasMerges", "MergeWorkgroup", "cron(35 2 ? * SUN *)", "Merges what landed in the last 35 days"),
    ("OptimizeDaily", "HasMerges", "UpkeepWorkgroup", "cron(45 3 * * ? *)", "Joins the small files of the table events"),
    ("OptimizeAlertsDaily", "HasAlertUpkeep", "UpkeepWorkgroup", "cron(55 3 * * ? *)", "Joins the small files of the table alerts"),
    ("VacuumDaily", "HasMerges", "UpkeepWorkgroup", "cron(45 4 * * ? *)", "Deletes what the table events needs no more"),
    ("VacuumAlertsDaily", "HasAlertUpkeep", "UpkeepWorkgroup", "cron(55 4 * * ? *)", "Deletes what the table alerts needs no more"),
]
# Retried attempts carry the token of the time that they were due, so that Athena starts one statement for all of them.
RESOURCE = """\
  {name}:
    Type: AWS::Scheduler::Schedule
    Condition: {condition}
    Properties:
      Description: {description}
      ScheduleExpression: {expression}
      ScheduleExpressionTimezone: UTC
      GroupName: !Ref Schedules
      FlexibleTimeWindow: {{Mode: "OFF"}}
      Target:
        Arn: !Sub arn:${{AWS::Partition}}:scheduler:::aws-sdk:athena:startQueryExecution
        RoleArn: !GetAtt MergeRole.Arn
        RetryPolicy: {{MaximumEventAgeInSeconds: 2700, MaximumRetryAttempts: 20}}
        DeadLetterConfig: {{Arn: !GetAtt UnstartedStatements.Arn}}
        Input: !Sub
          - >-
            {{"WorkGroup": "${{{workgroup}}}", "QueryExecutionContext": {{"Database": "${{Database}}"}},
            "ClientRequestToken": "${{Stack}}-{name}-<aws.scheduler.scheduled-time>", "QueryString":
            {statement}}}
          - Stack: !Select [2, !Split ["/", !Ref AWS::StackId]]
"""


def folded(sql):
    """A statement as a string of JSON, in lines that YAML's `>-` joins again."""
    text = json.dumps(" ".join(sql.split()))
    return textwrap.fill(text, 112, break_long_words=False, break_on_hyphens=False).replace("\n", "\n" + " " * 12)


def written(statements):
    """template.yaml with the schedules of these statements, by name."""
    template = TEMPLATE.read_text("utf-8")
    before, begin, rest = template.partition(BEGIN)
    _, end, after = rest.partition(END)
    names = ("name", "condition", "workgroup", "expression", "description")
    resources = [RESOURCE.format(**dict(zip(names, schedule)), statement=folded(statements[schedule[0]])) for schedule in SCHEDULES]
    return before + begin + "\n".join(resources) + "\n" + end + after
