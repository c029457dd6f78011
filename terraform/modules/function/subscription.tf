# A topic's messages of the types that the manifest names.

locals {
  subscription = local.trigger == "subscription" ? { this = var.spec.subscription } : {}
}

resource "aws_lambda_permission" "topic" {
  for_each = local.subscription

  statement_id  = "topic"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = var.topics[each.value.topic]
}

resource "aws_sns_topic_subscription" "this" {
  for_each = local.subscription

  topic_arn           = var.topics[each.value.topic]
  protocol            = "lambda"
  endpoint            = aws_lambda_function.this.arn
  filter_policy_scope = "MessageAttributes"
  filter_policy       = jsonencode(each.value.filter_policy)
  redrive_policy      = jsonencode({ deadLetterTargetArn = aws_sqs_queue.letters["undelivered"].arn })

  depends_on = [aws_lambda_permission.topic, aws_sqs_queue_policy.undelivered]
}

data "aws_iam_policy_document" "undelivered" {
  for_each = local.subscription

  statement {
    sid       = "Topic"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.letters["undelivered"].arn]

    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [var.topics[each.value.topic]]
    }
  }
}

resource "aws_sqs_queue_policy" "undelivered" {
  for_each = local.subscription

  queue_url = aws_sqs_queue.letters["undelivered"].url
  policy    = data.aws_iam_policy_document.undelivered[each.key].json
}
