# What became of what could not be done: "undelivered" is what the topic could not hand to the
# function, "failed" what the function could not do after all its attempts. From both it becomes a
# record at once; what cannot become one waits for two weeks.

locals {
  has = {
    undelivered = local.trigger == "subscription"
    failed      = contains(["subscription", "stream", "schedule"], local.trigger)
  }
}

resource "aws_sqs_queue" "letters" {
  for_each = toset([for name, has in local.has : name if has])

  name                      = "${local.full_name}-${each.key}"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
  # Six times what may be taken to make records of it, as mappings want it.
  visibility_timeout_seconds = 180
}

resource "aws_lambda_function_event_invoke_config" "this" {
  count = local.is_async ? 1 : 0

  function_name = aws_lambda_function.this.function_name
  # The clock comes again by itself; an event does not.
  maximum_retry_attempts       = local.trigger == "schedule" ? 1 : 2
  maximum_event_age_in_seconds = local.trigger == "schedule" ? 600 : 21600

  destination_config {
    on_failure {
      destination = aws_sqs_queue.letters["failed"].arn
    }
  }

  depends_on = [aws_iam_role_policy.this]
}

locals {
  letters = {
    for name, queue in aws_sqs_queue.letters : name => {
      says       = "has messages in its queue ${queue.name} that do not become dead letters"
      namespace  = "AWS/SQS"
      metric     = "ApproximateAgeOfOldestMessage"
      statistic  = "Maximum"
      above      = 300
      minutes    = 1
      dimensions = { QueueName = queue.name }
    }
  }

  dropped = {
    says       = "gave up an event that it was asked to do later"
    namespace  = "AWS/Lambda"
    metric     = "AsyncEventsDropped"
    statistic  = "Sum"
    above      = 0
    minutes    = 1
    dimensions = { FunctionName = local.full_name }
  }

  # Not even its queue took it: then nothing keeps it.
  lost = {
    says       = "could not lay into its queue what it could not do"
    namespace  = "AWS/Lambda"
    metric     = "DestinationDeliveryFailures"
    statistic  = "Sum"
    above      = 0
    minutes    = 1
    dimensions = { FunctionName = local.full_name }
  }

  # Half of what a saga may wait before operators see it as stuck.
  age = {
    says       = "is behind its stream by more than five minutes"
    namespace  = "AWS/Lambda"
    metric     = "IteratorAge"
    statistic  = "Maximum"
    above      = 300000
    minutes    = 3
    dimensions = { FunctionName = local.full_name }
  }

  alarms = merge(
    local.letters,
    local.is_async ? { dropped = local.dropped } : {},
    local.has.failed ? { lost = local.lost } : {},
    local.trigger == "stream" ? { age = local.age } : {},
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.full_name}-${each.key}"
  alarm_description   = "${local.full_name} ${each.value.says}."
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  period              = 60
  evaluation_periods  = each.value.minutes
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.home.alarms_topic_arn]
  ok_actions          = [var.home.alarms_topic_arn]
}
