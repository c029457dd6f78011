output "id" {
  description = "The API's id."
  value       = aws_apigatewayv2_api.this.id
}

output "url" {
  description = "Where the API is; its paths begin with /v1."
  value       = aws_apigatewayv2_api.this.api_endpoint
}
