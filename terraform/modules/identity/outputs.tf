output "pool_id" {
  description = "The pool's id."
  value       = aws_cognito_user_pool.this.id
}

output "issuer" {
  description = "Who issues the tokens."
  value       = "https://${aws_cognito_user_pool.this.endpoint}"
}

output "domain" {
  description = "The first part of the name of the pages where people log in."
  value       = aws_cognito_user_pool_domain.this.domain
}

output "people_client_id" {
  description = "The client of people."
  value       = aws_cognito_user_pool_client.people.id
}

output "services_client_id" {
  description = "The client of services."
  value       = aws_cognito_user_pool_client.services.id
}

output "services_client_secret" {
  description = "The secret of the client of services."
  value       = aws_cognito_user_pool_client.services.client_secret
  sensitive   = true
}
