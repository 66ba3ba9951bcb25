//! `--stack`: the outputs of a stack stand in for what is not typed.

use axum::{body::Body, response::Response};
use http::StatusCode;
use support::{
    s3::{BUCKET, KEY, S3, SECRET},
    server::{Server, nobody},
};

use crate::{
    GOOD, TOKEN,
    folder::{reject, row},
    program::{Said, command, run},
    receiver::RunningReceiver,
};

/// A CloudFormation that describes one stack, `logs`, with these outputs.
fn cloud_formation(outputs: &[(&str, &str)]) -> Server {
    let member = |(key, value): &(&str, &str)| format!("<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>");
    let outputs: String = outputs.iter().map(member).collect();
    let stack = format!(
        "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>logs</StackName>\
         <CreationTime>2026-07-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>\
         <Parameters><member><ParameterKey>LakePrefix</ParameterKey><ParameterValue>auth0/</ParameterValue></member></Parameters>\
         <Outputs>{outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
    );
    Server::start(move |request| {
        let stack = stack.clone();
        async move {
            let asked = axum::body::to_bytes(request.into_body(), usize::MAX).await.expect("a request");
            let asked = String::from_utf8(asked.to_vec()).expect("text");
            assert!(asked.contains("Action=DescribeStacks"), "{asked}");
            let mut answer = Response::new(Body::from(stack));
            if !asked.contains("StackName=logs") {
                let error = "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>\
                             <Message>Stack with id other does not exist</Message></Error></ErrorResponse>";
                answer = Response::new(Body::from(error));
                *answer.status_mut() = StatusCode::BAD_REQUEST;
            }
            answer
        }
    })
}

fn asked(arguments: &[&str], endpoint: &str, s3: &S3) -> Said {
    let mut command = command(arguments, Some(TOKEN));
    command.envs(s3.environment()).env("AWS_ENDPOINT_URL_CLOUDFORMATION", endpoint);
    run(command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET).env("AWS_REGION", "eu-central-1"))
}

#[test]
fn a_stack_fills_in_the_lake_and_the_url() {
    let s3 = S3::start();
    let receiver = RunningReceiver::start(&format!("s3://{BUCKET}/auth0"), &s3.environment());
    reject(&s3.bucket().join("auth0"), "2026-07-01", &row("missing_data", "eu", GOOD));
    let aws = cloud_formation(&[("Bucket", BUCKET), ("ReceiverUrl", &receiver.url), ("Database", "logs"), ("Workgroup", "logs")]);
    let listed = asked(&["rejects", "--stack", "logs"], &aws.endpoint, &s3);
    assert!(listed.code == 1 && listed.has_line("Open: 1 reject."), "{}{}", listed.out, listed.error);
    let replayed = asked(&["replay", "--stack", "logs"], &aws.endpoint, &s3);
    assert!(replayed.code == 0 && replayed.has_line("Closed 1 reject."), "{}{}", replayed.out, replayed.error);
    let listed = asked(&["rejects", "--stack", "logs"], &aws.endpoint, &s3);
    assert!(listed.code == 0 && listed.has_line("Open: 0 rejects."), "{}{}", listed.out, listed.error);
    // What is typed goes before.
    let elsewhere = asked(&["replay", "--stack", "logs", "--url", &nobody(), "--lake", "/nowhere"], &aws.endpoint, &s3);
    assert!(elsewhere.code == 2 && elsewhere.error.contains("file:///nowhere"), "{}", elsewhere.error);
}

#[test]
fn a_stack_that_cannot_be_used_is_a_sentence_and_an_end_of_2() {
    let s3 = S3::start();
    let aws = cloud_formation(&[("Bucket", BUCKET)]);
    for (stack, sentence) in [
        ("other", "lake: the stack other cannot be read: Stack with id other does not exist (region eu-central-1)."),
        ("logs", "lake: the stack logs has no output ReceiverUrl: is it a stack of auth0-log-lake, and is its first deployment done?"),
    ] {
        let said = asked(&["rejects", "--stack", stack], &aws.endpoint, &s3);
        assert!(said.code == 2 && said.error.starts_with(sentence), "{}", said.error);
    }
}
