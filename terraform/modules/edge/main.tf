# What stands before the gateway where the whole internet may call: CloudFront, by its own name and TLS
# 1.2 or newer, and a firewall that turns away known attacks and who asks too often. Nothing is cached.
# The gateway's own address stays, and has no firewall: once the edge is enforced, the functions behind it
# answer only to requests with the secret that CloudFront adds. Whoever has no token is turned away by the
# gateway before that.

data "aws_cloudfront_cache_policy" "none" {
  name = "Managed-CachingDisabled"
}

# Everything but the name by which CloudFront was called: the gateway answers to its own.
data "aws_cloudfront_origin_request_policy" "all" {
  name = "Managed-AllViewerExceptHostHeader"
}

resource "aws_cloudfront_response_headers_policy" "this" {
  #checkov:skip=CKV_AWS_259:It is enforced for two years; whether browsers know it beforehand is for the owner of the whole domain to ask.
  name = var.name

  security_headers_config {
    content_security_policy {
      content_security_policy = "default-src 'none'; frame-ancestors 'none'"
      override                = true
    }

    content_type_options {
      override = true
    }

    frame_options {
      frame_option = "DENY"
      override     = true
    }

    referrer_policy {
      referrer_policy = "no-referrer"
      override        = true
    }

    strict_transport_security {
      access_control_max_age_sec = 63072000
      include_subdomains         = true
      override                   = true
    }
  }
}

resource "aws_cloudfront_distribution" "this" {
  #checkov:skip=CKV_AWS_86:Its log goes to CloudWatch by log delivery, see log.tf; the older way needs a bucket with access lists.
  #checkov:skip=CKV_AWS_305:There is no page to show at the root.
  #checkov:skip=CKV_AWS_310:There is one origin, and no copy of it in another region.
  #checkov:skip=CKV_AWS_374:Who may call is said by tokens, not by countries.
  #checkov:skip=CKV2_AWS_47:The rules that know Log4j are in the firewall, of which this plan knows only the name.
  comment         = "Before the API of ${var.name}"
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  price_class     = "PriceClass_All"
  aliases         = [var.domain]
  web_acl_id      = aws_wafv2_web_acl.this.arn

  origin {
    origin_id   = "gateway"
    domain_name = var.gateway_host

    custom_header {
      name  = "x-origin-verify"
      value = var.secret
    }

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
      origin_read_timeout    = 30
    }
  }

  default_cache_behavior {
    target_origin_id           = "gateway"
    viewer_protocol_policy     = "https-only"
    allowed_methods            = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = data.aws_cloudfront_cache_policy.none.id
    origin_request_policy_id   = data.aws_cloudfront_origin_request_policy.all.id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.certificate_arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }
}
