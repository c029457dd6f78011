output "functions" {
  description = "Its functions by their names in the manifest."
  value       = module.service.functions
}

output "tables" {
  description = "ARNs of its tables by service."
  value       = module.service.tables
}
