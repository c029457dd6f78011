output "target" {
  description = "What the domain's record must point at."
  value       = aws_cloudfront_distribution.this.domain_name
}
