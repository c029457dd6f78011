# The gateway: a route for each function that has one, behind tokens of the pool, each with its scopes
# and its throttle; and a log of who called what.

locals {
  keys = { for name, route in var.routes : name => "${route.method} ${route.path}" }
}

resource "aws_apigatewayv2_api" "this" {
  name          = var.name
  description   = "The HTTP API of ${var.name}"
  protocol_type = "HTTP"

  dynamic "cors_configuration" {
    for_each = length(var.web_origins) > 0 ? [var.web_origins] : []

    content {
      allow_origins  = cors_configuration.value
      allow_methods  = ["GET", "POST", "DELETE"]
      allow_headers  = ["authorization", "content-type", "idempotency-key", "if-none-match", "prefer", "traceparent", "x-request-id"]
      expose_headers = ["etag", "location", "preference-applied", "retry-after", "x-request-id"]
      max_age        = 3600
    }
  }
}

resource "aws_apigatewayv2_authorizer" "pool" {
  name             = "pool"
  api_id           = aws_apigatewayv2_api.this.id
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = var.issuer
    audience = var.audience
  }
}

resource "aws_apigatewayv2_integration" "this" {
  for_each = var.routes

  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_method     = "POST"
  integration_uri        = each.value.invoke_arn
  payload_format_version = "2.0"
  timeout_milliseconds   = 20000
}

resource "aws_apigatewayv2_route" "this" {
  #checkov:skip=CKV_AWS_309:Every route has an authorizer, except those that the manifest says are for nobody in particular.
  for_each = var.routes

  api_id               = aws_apigatewayv2_api.this.id
  route_key            = local.keys[each.key]
  target               = "integrations/${aws_apigatewayv2_integration.this[each.key].id}"
  authorization_type   = length(each.value.scopes) > 0 ? "JWT" : "NONE"
  authorizer_id        = length(each.value.scopes) > 0 ? aws_apigatewayv2_authorizer.pool.id : null
  authorization_scopes = each.value.scopes
}

resource "aws_lambda_permission" "this" {
  for_each = var.routes

  statement_id  = "gateway"
  action        = "lambda:InvokeFunction"
  function_name = each.value.function
  principal     = "apigateway.amazonaws.com"
  # This route alone, on whatever stage; what varies in its path is a star here.
  source_arn = "${aws_apigatewayv2_api.this.execution_arn}/*/${each.value.method}${replace(each.value.path, "/\\{[^}]*\\}/", "*")}"
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_158:A key of the customer's is behind the switch customer_keys; CloudWatch encrypts every log.
  name              = "/aws/vendedlogs/http-api/${var.name}"
  retention_in_days = var.log_days
  kms_key_id        = var.key_arn
}

resource "aws_apigatewayv2_stage" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    # Who, what, how it went. Neither tokens nor bodies.
    format = jsonencode({
      request_id        = "$context.requestId"
      at                = "$context.requestTimeEpoch"
      sub               = "$context.authorizer.claims.sub"
      client_id         = "$context.authorizer.claims.client_id"
      source_ip         = "$context.identity.sourceIp"
      route             = "$context.routeKey"
      path              = "$context.path"
      status            = "$context.status"
      response_bytes    = "$context.responseLength"
      took_ms           = "$context.responseLatency"
      integration_ms    = "$context.integrationLatency"
      integration_error = "$context.integrationErrorMessage"
      authorizer_error  = "$context.authorizer.error"
      gateway_error     = "$context.error.message"
    })
  }

  default_route_settings {
    throttling_rate_limit    = var.throttle.rate
    throttling_burst_limit   = var.throttle.burst
    detailed_metrics_enabled = var.metrics_by_route
  }

  dynamic "route_settings" {
    for_each = var.routes

    content {
      route_key                = local.keys[route_settings.key]
      throttling_rate_limit    = lookup(var.throttles, route_settings.key, var.throttle).rate
      throttling_burst_limit   = lookup(var.throttles, route_settings.key, var.throttle).burst
      detailed_metrics_enabled = var.metrics_by_route
    }
  }

  depends_on = [aws_apigatewayv2_route.this]
}
