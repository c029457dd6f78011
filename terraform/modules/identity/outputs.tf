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

output "service_client_ids" {
  description = "The clients of services, by their names."
  value       = { for name, client in aws_cognito_user_pool_client.services : name => client.id }
}

output "service_client_secrets" {
  description = "Their secrets, by their names."
  value       = { for name, client in aws_cognito_user_pool_client.services : name => client.client_secret }
  sensitive   = true
}
