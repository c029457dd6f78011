# What the function may do: its own log, the actions that the manifest says on its tables and their
# indexes, and what its trigger needs. Nothing is given to more than it names.

locals {
  # Named rather than referred to: those who are named may be named after what names them.
  arns = {
    function = "arn:${var.home.partition}:lambda:${var.home.region}:${var.home.account}:function"
    queue    = "arn:${var.home.partition}:sqs:${var.home.region}:${var.home.account}"
    table    = "arn:${var.home.partition}:dynamodb:${var.home.region}:${var.home.account}:table"
  }

  # By these the customer's key is used, and by nothing else: its tables and their streams, its
  # environment, the topics on which it publishes.
  key_users = concat(["dynamodb", "lambda"], length(var.spec.publishes) > 0 ? ["sns"] : [])
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = local.full_name
  description        = "What the function ${local.full_name} may do"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "this" {
  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  dynamic "statement" {
    for_each = var.spec.tables

    content {
      sid       = "Table${title(statement.key)}"
      actions   = statement.value
      resources = [var.tables[statement.key]]
    }
  }

  dynamic "statement" {
    for_each = var.spec.indexes

    content {
      sid       = "Indexes${title(statement.key)}"
      actions   = ["dynamodb:Query"]
      resources = [for index in statement.value : "${var.tables[statement.key]}/index/${index}"]
    }
  }

  # Single items of a table, by their partition key.
  dynamic "statement" {
    for_each = var.spec.items

    content {
      sid       = "Item${title(statement.value.table)}"
      actions   = statement.value.actions
      resources = ["${local.arns.table}/${var.home.prefix}-${statement.value.table}"]

      condition {
        test     = "ForAllValues:StringEquals"
        variable = "dynamodb:LeadingKeys"
        values   = [statement.value.key]
      }
    }
  }

  dynamic "statement" {
    for_each = var.spec.denied

    content {
      sid       = "Not${title(statement.value.table)}"
      effect    = "Deny"
      actions   = statement.value.actions
      resources = ["${local.arns.table}/${var.home.prefix}-${statement.value.table}"]

      condition {
        test     = "ForAnyValue:StringEquals"
        variable = "dynamodb:LeadingKeys"
        values   = [statement.value.key]
      }
    }
  }

  dynamic "statement" {
    for_each = length(var.spec.publishes) > 0 ? [var.spec.publishes] : []

    content {
      sid       = "Publish"
      actions   = ["sns:GetTopicAttributes", "sns:Publish"]
      resources = [for topic in statement.value : var.topics[topic]]
    }
  }

  dynamic "statement" {
    for_each = length(var.spec.invokes) > 0 ? [var.spec.invokes] : []

    content {
      sid       = "Call"
      actions   = ["lambda:InvokeFunction"]
      resources = [for name in statement.value : "${local.arns.function}:${local.deployed[name]}"]
    }
  }

  dynamic "statement" {
    for_each = length(var.spec.letters) > 0 ? [var.spec.letters] : []

    content {
      sid     = "Letters"
      actions = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
      resources = flatten([
        for name, queues in statement.value : [
          for queue in queues : "${local.arns.queue}:${local.deployed[name]}-${queue}"
        ]
      ])
    }
  }

  dynamic "statement" {
    for_each = local.trigger == "stream" ? [var.tables[var.spec.service]] : []

    content {
      sid = "Stream"
      actions = [
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
      ]
      resources = ["${statement.value}/stream/*"]
    }
  }

  dynamic "statement" {
    for_each = contains(keys(aws_sqs_queue.letters), "failed") ? [aws_sqs_queue.letters["failed"].arn] : []

    content {
      sid       = "Failed"
      actions   = ["sqs:SendMessage"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = var.home.key_arn == null ? [] : [var.home.key_arn]

    content {
      sid       = "Key"
      actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = [for service in local.key_users : "${service}.${var.home.region}.${var.home.dns_suffix}"]
      }
    }
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "own"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}
