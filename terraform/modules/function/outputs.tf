output "arn" {
  description = "The function's ARN."
  value       = aws_lambda_function.this.arn
}

output "name" {
  description = "The function's name on AWS."
  value       = aws_lambda_function.this.function_name
}

output "invoke_arn" {
  description = "What the gateway calls."
  value       = aws_lambda_function.this.invoke_arn
}

output "queues" {
  description = "Its queues by what is in them, undelivered or failed: the name and the ARN of each."
  value       = { for what, queue in aws_sqs_queue.letters : what => { name = queue.name, arn = queue.arn } }
}
