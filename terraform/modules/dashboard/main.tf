# What one looks at first: how sagas end and how long they take, what waits, what failed; and the
# alarms that belong to no single function.

locals {
  # Under which name the functions count; another deployment in this account has its own.
  namespace = "Fintech/${var.name}"

  relays  = [for name, spec in var.manifest.functions : var.functions[name].name if spec.trigger == "stream"]
  routes  = [for name, spec in var.manifest.functions : var.functions[name].name if spec.trigger == "route"]
  hearers = [for name, spec in var.manifest.functions : var.functions[name].name if spec.trigger == "subscription"]
  queues  = flatten([for function in var.functions : values(function.queues)[*].name])

  charts = [
    {
      title = "Sagas by result"
      stat  = "Sum"
      metrics = [
        [{ expression = "SEARCH('{${local.namespace},Result} MetricName=\"Sagas\"', 'Sum', 60)", label = "$${PROP('Dim.Result')}" }],
      ]
    },
    {
      title = "Time of a saga, from its request to its answer"
      stat  = "p50"
      metrics = [
        [local.namespace, "SagaDuration", { label = "p50" }],
        [local.namespace, "SagaDuration", { label = "p99", stat = "p99" }],
      ]
    },
    {
      title   = "Messages by topic"
      stat    = "Sum"
      metrics = [for topic in values(var.topics) : ["AWS/SNS", "NumberOfMessagesPublished", "TopicName", topic]]
    },
    {
      title   = "How far relays are behind"
      stat    = "Maximum"
      metrics = [for name in local.relays : ["AWS/Lambda", "IteratorAge", "FunctionName", name]]
    },
    {
      title   = "Dead letters, as they came"
      stat    = "Sum"
      metrics = [[local.namespace, "DeadLetters"]]
    },
    {
      title   = "Age of what does not become a dead letter"
      stat    = "Maximum"
      metrics = [for queue in local.queues : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue]]
    },
    {
      title   = "Failures of reactions"
      stat    = "Sum"
      metrics = [for name in local.hearers : ["AWS/Lambda", "Errors", "FunctionName", name]]
    },
    {
      title = "Requests"
      stat  = "Sum"
      metrics = [
        ["AWS/ApiGateway", "Count", "ApiId", var.api_id],
        ["AWS/ApiGateway", "4xx", "ApiId", var.api_id],
        ["AWS/ApiGateway", "5xx", "ApiId", var.api_id],
      ]
    },
    {
      title = "Time of a request"
      stat  = "p50"
      metrics = [
        ["AWS/ApiGateway", "Latency", "ApiId", var.api_id, { label = "p50" }],
        ["AWS/ApiGateway", "Latency", "ApiId", var.api_id, { label = "p99", stat = "p99" }],
      ]
    },
    {
      title   = "Conflicts, and what the check of the ledger found"
      stat    = "Sum"
      metrics = [[local.namespace, "Conflicts"], [local.namespace, "LedgerViolations"]]
    },
    {
      title   = "Failures behind routes"
      stat    = "Sum"
      metrics = [for name in local.routes : ["AWS/Lambda", "Errors", "FunctionName", name]]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name

  dashboard_body = jsonencode({
    widgets = [
      for place, chart in local.charts : {
        type   = "metric"
        x      = (place % 2) * 12
        y      = floor(place / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = chart.title
          region  = var.region
          period  = 60
          stat    = chart.stat
          view    = "timeSeries"
          stacked = false
          metrics = chart.metrics
        }
      }
    ]
  })
}

resource "aws_cloudwatch_metric_alarm" "ledger" {
  alarm_name          = "${var.name}-ledger"
  alarm_description   = "The check of the whole ledger found something wrong; its log says what."
  namespace           = local.namespace
  metric_name         = "LedgerViolations"
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 86400
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms_topic_arn]
  ok_actions          = [var.alarms_topic_arn]
}

# It is told when letters come, and not when they are gone: that only the list of them says.
resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${var.name}-dead-letters"
  alarm_description   = "Messages became dead letters: GET /v1/dead-letters lists them with the reason; redrive them when it is mended."
  namespace           = local.namespace
  metric_name         = "DeadLetters"
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms_topic_arn]
}

# What a topic could neither deliver nor lay into a queue is gone from it.
resource "aws_cloudwatch_metric_alarm" "undelivered" {
  for_each = var.topics

  alarm_name          = "${each.value}-lost"
  alarm_description   = "${each.value} could neither deliver an event nor lay it into its queue."
  namespace           = "AWS/SNS"
  metric_name         = "NumberOfNotificationsFailedToRedriveToDlq"
  dimensions          = { TopicName = each.value }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms_topic_arn]
  ok_actions          = [var.alarms_topic_arn]
}

# The same of the clock.
resource "aws_cloudwatch_metric_alarm" "unasked" {
  alarm_name          = "${var.name}-clock-lost"
  alarm_description   = "The clock could neither ask a function nor say so in its queue."
  namespace           = "AWS/Scheduler"
  metric_name         = "InvocationsFailedToBeSentToDeadLetterCount"
  dimensions          = { ScheduleGroup = var.schedule_group }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms_topic_arn]
  ok_actions          = [var.alarms_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "failures" {
  alarm_name          = "${var.name}-5xx"
  alarm_description   = "Requests are answered by failures."
  namespace           = "AWS/ApiGateway"
  metric_name         = "5xx"
  dimensions          = { ApiId = var.api_id }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
  period              = 60
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms_topic_arn]
  ok_actions          = [var.alarms_topic_arn]
}
