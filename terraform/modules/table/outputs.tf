output "arn" {
  description = "The table's ARN."
  value       = aws_dynamodb_table.this.arn
}

output "name" {
  description = "The table's name."
  value       = aws_dynamodb_table.this.name
}

output "stream_arn" {
  description = "The ARN of the table's stream; null without one."
  value       = var.spec.stream ? aws_dynamodb_table.this.stream_arn : null
}
