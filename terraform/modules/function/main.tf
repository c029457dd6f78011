# One function of the manifest: its code, its log, and what makes it run, each in a file of its own.
# What it may do is in role.tf; what becomes of what it could not do, in letters.tf.

locals {
  # What it and those that it speaks of are named on AWS.
  deployed = {
    for name in toset(concat([var.name], var.spec.invokes, keys(var.spec.letters))) :
    name => "${var.home.prefix}-${replace(name, "_", "-")}"
  }

  full_name = local.deployed[var.name]
  trigger   = var.spec.trigger
  # A relay is asked by its stream, and to say a record again as a subscriber is.
  is_async = contains(["subscription", "schedule", "stream"], local.trigger)

  # A minute's work must not meet that of the next minute; a caller at the gateway waits at most 30.
  timeouts = {
    route        = 15
    subscription = 30
    stream       = 60
    schedule     = var.spec.reads_everything ? 900 : 50
    queue        = 30
  }

  topics = { for name in var.spec.publishes : "TOPIC_${upper(name)}" => var.topics[name] }
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:A key of the customer's is behind the switch customer_keys; CloudWatch encrypts every log.
  name              = "/aws/lambda/${local.full_name}"
  retention_in_days = var.home.log_days
  kms_key_id        = var.home.key_arn
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_50:Traces are carried by traceparent, in requests and events; X-Ray would be paid for each.
  #checkov:skip=CKV_AWS_115:New accounts have ten concurrent executions in all, none of which can be reserved; see reserved_concurrency.
  #checkov:skip=CKV_AWS_116:Asynchronous calls have an on-failure destination, which tells more than a dead letter queue.
  #checkov:skip=CKV_AWS_117:It reaches nothing but AWS's own interfaces, by TLS and its role; a VPC would add a NAT gateway and nothing else.
  #checkov:skip=CKV_AWS_173:A key of the customer's is behind the switch customer_keys; Lambda encrypts the environment.
  #checkov:skip=CKV_AWS_272:The artifact is built by who applies this; a signing profile would be his own too.
  function_name                  = local.full_name
  description                    = "${var.spec.service}: ${var.name}"
  role                           = aws_iam_role.this.arn
  runtime                        = "provided.al2023"
  handler                        = var.name
  architectures                  = [var.home.architecture]
  filename                       = var.home.artifact
  source_code_hash               = var.home.artifact_hash
  memory_size                    = var.spec.reads_everything ? max(1024, var.home.memory_mb) : var.home.memory_mb
  timeout                        = local.timeouts[local.trigger]
  reserved_concurrent_executions = lookup(var.home.reserved_concurrency, var.name, -1)
  kms_key_arn                    = var.home.key_arn

  environment {
    variables = merge(var.home.environment, local.trigger == "route" ? var.home.route_environment : {}, local.topics)
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  depends_on = [aws_iam_role_policy.this]
}
