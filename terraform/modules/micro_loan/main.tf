# The loan service: applications and their terms.

module "service" {
  source = "../service"

  name     = "loan"
  manifest = var.manifest
  home     = var.home
  topics   = var.topics
  tables   = var.tables

  environment = {
    LOAN_RATES = var.rates
  }
}
