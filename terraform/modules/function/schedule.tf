# The clock: it asks the function, which then does whatever is due.

locals {
  schedule = local.trigger == "schedule" ? { this = var.spec.schedule } : {}
}

data "aws_iam_policy_document" "clock_trust" {
  for_each = local.schedule

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.home.account]
    }
  }
}

data "aws_iam_policy_document" "clock" {
  for_each = local.schedule

  statement {
    sid       = "Ask"
    actions   = ["lambda:InvokeFunction"]
    resources = [aws_lambda_function.this.arn]
  }

  statement {
    sid       = "Failed"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.letters["failed"].arn]
  }

  dynamic "statement" {
    for_each = var.home.key_arn == null ? [] : [var.home.key_arn]

    content {
      sid       = "Key"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["scheduler.${var.home.region}.${var.home.dns_suffix}"]
      }
    }
  }
}

resource "aws_iam_role" "clock" {
  for_each = local.schedule

  name               = "${local.full_name}-clock"
  description        = "Lets the clock ask the function ${local.full_name}"
  assume_role_policy = data.aws_iam_policy_document.clock_trust[each.key].json
}

resource "aws_iam_role_policy" "clock" {
  for_each = local.schedule

  name   = "own"
  role   = aws_iam_role.clock[each.key].id
  policy = data.aws_iam_policy_document.clock[each.key].json
}

resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:A key of the customer's is behind the switch customer_keys; what it carries is the time.
  for_each = local.schedule

  name                = local.full_name
  group_name          = var.home.schedule_group
  description         = "Asks ${local.full_name}, ${each.value}"
  schedule_expression = each.value
  # What keeps the keys of sign-in goes on: without them nobody is let in.
  state       = var.home.clock || length(var.spec.tables) == 0 ? "ENABLED" : "DISABLED"
  kms_key_arn = var.home.key_arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.this.arn
    role_arn = aws_iam_role.clock[each.key].arn
    # Written by hand: jsonencode would escape the brackets, which are the clock's own marks.
    input = "{\"schedule\": \"${var.name}\", \"at\": \"<aws.scheduler.scheduled-time>\"}"

    dead_letter_config {
      arn = aws_sqs_queue.letters["failed"].arn
    }

    retry_policy {
      maximum_retry_attempts       = 2
      maximum_event_age_in_seconds = 60
    }
  }

  depends_on = [aws_iam_role_policy.clock]
}
