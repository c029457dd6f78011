# Who called, and whom the firewall turned away. Both are told in us-east-1.

locals {
  region = "us-east-1"
}

resource "aws_cloudwatch_log_group" "firewall" {
  #checkov:skip=CKV_AWS_158:The customer's key is in the deployment's region, which need not be this one; CloudWatch encrypts every log.
  # The firewall writes only where the name begins so.
  name              = "aws-waf-logs-${var.name}"
  region            = local.region
  retention_in_days = var.log_days
}

# Only whom it turned away; the others are in the log of CloudFront and of the gateway.
resource "aws_wafv2_web_acl_logging_configuration" "this" {
  region                  = local.region
  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [aws_cloudwatch_log_group.firewall.arn]

  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }
    }
  }

  redacted_fields {
    single_header {
      name = "authorization"
    }
  }

  redacted_fields {
    single_header {
      name = "cookie"
    }
  }
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_158:The customer's key is in the deployment's region, which need not be this one; CloudWatch encrypts every log.
  name              = "/aws/vendedlogs/cloudfront/${var.name}"
  region            = local.region
  retention_in_days = var.log_days
}

resource "aws_cloudwatch_log_delivery_source" "access" {
  name         = "${var.name}-edge"
  region       = local.region
  log_type     = "ACCESS_LOGS"
  resource_arn = aws_cloudfront_distribution.this.arn
}

resource "aws_cloudwatch_log_delivery_destination" "access" {
  name          = "${var.name}-edge"
  region        = local.region
  output_format = "json"

  delivery_destination_configuration {
    destination_resource_arn = aws_cloudwatch_log_group.access.arn
  }
}

resource "aws_cloudwatch_log_delivery" "access" {
  region                   = local.region
  delivery_source_name     = aws_cloudwatch_log_delivery_source.access.name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.access.arn
  # Neither cookies nor queries.
  record_fields = [
    "date",
    "time",
    "c-ip",
    "cs-method",
    "cs-uri-stem",
    "sc-status",
    "sc-bytes",
    "time-taken",
    "ssl-protocol",
    "x-edge-request-id",
    "x-edge-result-type",
  ]
}
