# A table's stream: only records that say something. A record that cannot be said the relay gives up by
# itself, as a dead letter that names it, and the shard goes on. What the topics do not take is tried
# until they do: the alarm on how far it is behind tells.

resource "aws_lambda_event_source_mapping" "this" {
  count = local.trigger == "stream" ? 1 : 0

  event_source_arn                   = var.stream_arn
  function_name                      = aws_lambda_function.this.arn
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = 100
  maximum_batching_window_in_seconds = 0
  function_response_types            = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error     = true
  maximum_retry_attempts             = -1
  maximum_record_age_in_seconds      = 43200

  filter_criteria {
    filter {
      # A filter sees whether a scalar is there, never whether a list is.
      pattern = jsonencode({ dynamodb = { NewImage = { says = { S = [{ exists = true }] } } } })
    }
  }

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.letters["failed"].arn
    }
  }

  depends_on = [aws_iam_role_policy.this]
}
