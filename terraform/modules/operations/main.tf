# What operators look at. It alone reads every table of the other services, and writes none of them.

module "service" {
  source = "../service"

  name     = "operations"
  manifest = var.manifest
  home     = var.home
  topics   = var.topics
  tables   = var.tables
}
