output "api_url" {
  description = "Where the API is; its paths begin with /v1. The edge's own name once it is enforced."
  value       = local.edge_enforced ? "https://${var.edge.domain}" : module.http_api.url
}

output "edge_target" {
  description = "What the record of the edge's domain must point at; null without one."
  value       = one(module.edge[*].target)
}

locals {
  # In the USA's own regions only the certified one is there.
  login = data.aws_partition.current.partition == "aws-us-gov" ? "auth-fips" : "auth"
}

output "login_url" {
  description = "Where people log in, and where tokens are fetched."
  value       = "https://${module.identity.domain}.${local.login}.${var.region}.amazoncognito.com"
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

output "service_client_ids" {
  description = "The clients of services, by their names."
  value       = module.identity.service_client_ids
}

output "service_client_secrets" {
  description = "Their secrets, by their names."
  value       = module.identity.service_client_secrets
  sensitive   = true
}

output "tables" {
  description = "ARNs of the tables by service."
  value       = local.tables
}

output "topics" {
  description = "ARNs of the topics by their names in the manifest."
  value       = local.topics
}

output "functions" {
  description = "Names of the functions on AWS by their names in the manifest."
  value       = { for name, function in local.functions : name => function.name }
}
