output "api_url" {
  description = "Where the API is; its paths begin with /v1."
  value       = module.http_api.url
}

output "login_url" {
  description = "Where people log in, and where tokens are fetched."
  value       = "https://${module.identity.domain}.auth.${var.region}.amazoncognito.com"
}

output "issuer" {
  description = "Who issues the tokens."
  value       = module.identity.issuer
}

output "pool_id" {
  description = "The pool of people."
  value       = module.identity.pool_id
}

output "people_client_id" {
  description = "The client of people."
  value       = module.identity.people_client_id
}

output "services_client_id" {
  description = "The client of services."
  value       = module.identity.services_client_id
}

output "services_client_secret" {
  description = "The secret of the client of services."
  value       = module.identity.services_client_secret
  sensitive   = true
}

output "tables" {
  description = "ARNs of the tables by service."
  value = merge(
    module.digital_wallet.tables,
    module.micro_loan.tables,
    module.payment_processor.tables,
    module.operations.tables,
  )
}

output "topics" {
  description = "ARNs of the topics by their names in the manifest."
  value       = local.topics
}

output "functions" {
  description = "Names of the functions on AWS by their names in the manifest."
  value       = { for name, function in local.functions : name => function.name }
}
